import { mkdir } from 'node:fs/promises'
import { git } from './git.ts'

export interface HistoryStep {
  message: string
  /** A text of undefined removes the file. */
  files?: Record<string, string>
  /** Tags of the commit. */
  tags?: string[]
  /** Steps on a branch of their own, which this commit merges. */
  merges?: HistoryStep[]
}

/**
 * Makes a bare repository with this history on `main` in a new folder, by fast-import and with fixed
 * dates: a process for every commit is what most of a test would wait for.
 */
export async function createHistory(folder: string, steps: readonly HistoryStep[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main'])
  const stream: string[] = []
  let at = 0

  function write(ref: string, { message, files = {}, tags = [], merges }: HistoryStep): void {
    const topic = `refs/heads/topic-${at}`
    if (merges !== undefined) {
      stream.push(`reset ${topic}\nfrom ${ref}\n\n`)
      for (const step of merges) write(topic, step)
    }
    at += 1
    const who = `Ada Example <ada@example.com> ${1_700_000_000 + at * 3600} +0000`
    stream.push(`commit ${ref}\nauthor ${who}\ncommitter ${who}\n${data(message)}`)
    if (merges !== undefined) stream.push(`merge ${topic}\n`)
    for (const step of merges ?? []) stream.push(...changesOf(step.files ?? {}))
    stream.push(...changesOf(files), '\n')
    for (const tag of tags) stream.push(`reset refs/tags/${tag}\nfrom ${ref}\n\n`)
    if (merges !== undefined) {
      stream.push(`reset ${topic}\nfrom ${'0'.repeat(40)}\n\n`)
    }
  }

  for (const step of steps) write('refs/heads/main', step)
  await git(folder, ['fast-import', '--quiet'], { input: stream.join('') })
}

function changesOf(files: Record<string, string>): string[] {
  return Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`)
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`
}
