import { existsSync } from 'node:fs'
import { appendFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../test/support/eventually.ts'
import { git } from '../test/support/git.ts'
import { startErrand } from '../test/support/start-errand.ts'
import { completeTask, scriptPrompt } from '../test/support/tasks.ts'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { measureInTurns } from './rounds.ts'

const files = 50_000
const rounds = 5

/**
 * The whole way of a task that changes one file of a big repository, over git alone. In memory: a disk
 * that is busy forgetting the last round's files would slow down whoever comes next.
 */
export async function measureTask(): Promise<Section> {
  const { TMPDIR: before } = process.env
  process.env.TMPDIR = '/dev/shm'
  try {
    return await measure()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

async function measure(): Promise<Section> {
  await using folder = await createTempFolder('bench')
  const clones = join(folder.path, 'clones')
  const source = join(folder.path, 'source.git')
  await createBigRepository(source)
  await using errand = await startErrand({ isOnPglite: true })
  await errand.forge.importRepository(source, 'acme/big', {})
  const [bare, task] = (await measureInTurns(
    rounds,
    [
      prepareBareGit(source, clones),
      () =>
        completeTask(errand.client, 'acme/big', {
          prompt: scriptPrompt('echo changed >> src/7/7.js', 'Change one file'),
          model: 'script',
        }),
    ],
    async () => {
      await rm(clones, { recursive: true, force: true })
      await eventually(async () => {
        const workspaces = join(errand.dataDir, 'workspaces')
        const left = existsSync(workspaces) ? await readdir(workspaces) : []
        if (left.length > 0) throw new Error('the workspace is still there')
      })
    },
  )) as [number, number]
  return {
    name: 'task',
    title: 'A whole task in a repository of 50,000 files',
    text: `A \`script\` task that changes one file of a repository of ${files.toLocaleString('en')} files, from its POST to \`completed\`, with its branch pushed: queue, fetch of the mirror, workspace, box, probe, agent, bundle, check, push, events. Against what git alone needs for the same branch: \`clone --shared\` from the mirror, the change, \`commit\`, \`push\`. All files are in memory (\`/dev/shm\`), and each round's leftovers are taken away untimed. Medians of ${rounds} rounds in turns, the mirror warm.`,
    header: ['what', 'median', 'against git alone'],
    rows: [
      ['git alone', formatMs(bare), formatRatio(1)],
      ['the whole task', formatMs(task), formatRatio(task / bare)],
    ],
  }
}

function prepareBareGit(source: string, clones: string): () => Promise<void> {
  let round = 0
  return async () => {
    round += 1
    const clone = join(clones, String(round))
    await git('/', ['clone', '--quiet', '--shared', source, clone])
    await appendFile(join(clone, 'src/7/7.js'), 'changed\n')
    await git(clone, ['commit', '--quiet', '--all', '--message', 'Change one file'])
    await git(clone, ['push', '--quiet', 'origin', `HEAD:refs/heads/bare-${round}`])
  }
}

/** By fast-import: writing the files one by one would take longer than everything measured. */
async function createBigRepository(path: string): Promise<void> {
  await git('/', ['init', '--quiet', '--bare', '--initial-branch=main', path])
  const entries = Array.from({ length: files }, (_, n) => {
    const text = `export const n = ${n}\n${`// ${n}: a line of some length, as lines have\n`.repeat(20)}`
    return `M 100644 inline src/${n % 500}/${n}.js\ndata ${Buffer.byteLength(text)}\n${text}\n`
  })
  const who = 'Ada Example <ada@example.com> 1700000000 +0000'
  const commit = `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\ndata 5\nfiles\n`
  await git(path, ['fast-import', '--quiet'], { input: commit + entries.join('') })
}
