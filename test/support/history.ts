import { mkdir } from 'node:fs/promises'
import { git } from './git.ts'

export interface HistoryStep {
  message: string
  /** `Name <address>`; default Ada's. */
  author?: string
  files?: Record<string, string>
  /** Tags of the commit. */
  tags?: string[]
  /** Steps on a branch of their own, which this commit merges. */
  merges?: HistoryStep[]
  /** The subject of an earlier commit on main that this one takes back; its id goes below the message. */
  reverts?: string
}

/**
 * Makes a bare repository with this history on `main` in a new folder, by fast-import and with fixed
 * dates: a process for every commit is what most of a test would wait for.
 */
export async function createHistory(folder: string, steps: readonly HistoryStep[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main'])
  let stream: string[] = []
  /** The refs of the import under way, and whether there was one before. */
  const written = new Set<string>()
  let isBegun = false
  let at = 0

  function write(ref: string, { message, author, files = {}, tags = [], merges }: HistoryStep) {
    const topic = `refs/heads/topic-${at}`
    if (merges !== undefined) {
      stream.push(`reset ${topic}\nfrom ${startOf(ref)}\n\n`)
      for (const step of merges) write(topic, step)
    }
    at += 1
    const time = `${1_700_000_000 + at * 3600} +0000`
    const committer = `committer Ada Example <ada@example.com> ${time}`
    const authored = `author ${author ?? 'Ada Example <ada@example.com>'} ${time}`
    stream.push(`commit ${ref}\n${authored}\n${committer}\n${data(message)}`)
    if (startOf(ref) !== ref) stream.push(`from ${startOf(ref)}\n`)
    written.add(ref)
    if (merges !== undefined) stream.push(`merge ${topic}\n`)
    for (const step of merges ?? []) stream.push(...changesOf(step.files ?? {}))
    stream.push(...changesOf(files), '\n')
    for (const tag of tags) stream.push(`reset refs/tags/${tag}\nfrom ${ref}\n\n`)
    if (merges !== undefined) {
      stream.push(`reset ${topic}\nfrom ${'0'.repeat(40)}\n\n`)
    }
  }

  /** What this import has not written yet has to be named as the repository has it. */
  function startOf(ref: string): string {
    return isBegun && ref === 'refs/heads/main' && !written.has(ref) ? `${ref}^0` : ref
  }

  async function flush(): Promise<void> {
    if (stream.length > 0) await git(folder, ['fast-import', '--quiet'], { input: stream.join('') })
    isBegun ||= stream.length > 0
    stream = []
    written.clear()
  }

  for (const step of steps) {
    if (step.reverts !== undefined) await flush()
    write('refs/heads/main', await withReverted(folder, step))
  }
  await flush()
}

async function withReverted(folder: string, step: HistoryStep): Promise<HistoryStep> {
  if (step.reverts === undefined) return step
  const args = ['log', '--format=%H', '--max-count=1', '--fixed-strings', `--grep=${step.reverts}`]
  const id = await git(folder, [...args, 'main'])
  return { ...step, message: `${step.message}\n\nThis reverts commit ${id}.` }
}

function changesOf(files: Record<string, string>): string[] {
  return Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`)
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`
}
