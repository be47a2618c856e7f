import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { git } from '../test/support/git.ts'
import { listPulls } from '../test/support/pulls.ts'
import { withRealHistories } from '../test/support/real-histories.ts'
import { startErrand } from '../test/support/start-errand.ts'
import { scriptPrompt } from '../test/support/tasks.ts'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { timeMs } from './rounds.ts'

const count = 200
const program = fileURLToPath(new URL('../packages/cli/bin/errand.js', import.meta.url))

/** A campaign over many repositories, over a loop of git and REST calls that does the same. */
export async function measureFanout(): Promise<Section> {
  await using folder = await createTempFolder('bench')
  await using errand = await startErrand({
    isOnPglite: true,
    settings: { runner: { concurrency: 4 } },
  })
  const names = Array.from({ length: count }, (_, at) => `acme/service-${at + 1}`)
  await withRealHistories(folder.path, names, (source, name) =>
    errand.forge.importRepository(source, name, {}),
  )

  const loop = await timeMs(async () => {
    for (const name of names) await openPullByHand(errand, name, folder.path)
  })
  const campaign = await timeMs(async () => {
    const prompt = scriptPrompt('echo changed >> README.md', 'Change {{repo.name}}')
    const args = ['fanout', prompt, '--org', 'acme', '--match', 'acme/service-*', '-m', 'script']
    const env = { HOME: folder.path, ERRAND_URL: errand.url, ERRAND_TOKEN: errand.token }
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, ...env },
      stdio: 'ignore',
    })
    const [code] = (await once(child, 'close')) as [number]
    if (code !== 0) throw new Error(`errand fanout ended with ${code}`)
  })
  const pulls = await Promise.all(names.map((name) => listPulls(errand.client, name)))
  if (pulls.some((list) => list.length !== 2)) throw new Error('a pull request is missing')
  return {
    name: 'fanout',
    title: `A campaign over ${count} repositories`,
    text: `\`errand fanout\` with a script that changes one file in each of ${count} repositories of the embedded forge, made from this project's own history up to ${count} different points, until ${count} pull requests are open, four tasks at a time; every task in a box of its own, probed, its result checked. Against a loop that does the same unconfined and one after the other on the same forge: \`clone --depth 1\`, the change, \`commit\`, \`push\`, and the REST call for the pull request. One round each. The loop is the peer because multi-gitter is packaged neither for npm nor for Debian.`,
    header: ['what', 'wall time', 'against the loop'],
    rows: [
      ['the loop', formatMs(loop), formatRatio(1)],
      ['`errand fanout`', formatMs(campaign), formatRatio(campaign / loop)],
    ],
  }
}

async function openPullByHand(
  { url, token, client }: { url: string; token: string; client: Parameters<typeof listPulls>[0] },
  name: string,
  folder: string,
): Promise<void> {
  const remote = new URL(`/${name}.git`, url)
  remote.username = 'x-access-token'
  remote.password = token
  const clone = join(folder, 'clone')
  await git('/', ['clone', '--quiet', '--depth', '1', remote.href, clone])
  await appendFile(join(clone, 'README.md'), 'changed\n')
  await git(clone, ['commit', '--quiet', '--all', '--message', 'Change it'])
  await git(clone, ['push', '--quiet', 'origin', 'HEAD:refs/heads/by-hand'])
  const body = { title: 'Change it', head: 'by-hand', base: 'main', draft: true }
  await client.request('POST', `/repos/${name}/pulls`, { body })
  await rm(clone, { recursive: true })
}
