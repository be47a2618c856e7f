import { readFile, rm } from 'node:fs/promises'

export interface Summary {
  title: string
  body: string
}

/** Longest summary a script may write, in characters. */
const summaryLimit = 60_000

/**
 * The title and body a script wrote to `$ERRAND_SUMMARY_FILE`: its first line is the title, the rest
 * the body of the pull request. What it did not write stays as the prompt has it.
 */
export async function readSummary(path: string, fromPrompt: Summary): Promise<Summary> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).slice(0, summaryLimit).trim()
    await rm(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return fromPrompt
    throw error
  }
  const [first = '', ...rest] = text.split('\n')
  const title = first.replace(/^#+\s*/, '').trim()
  return title === '' ? fromPrompt : { title, body: rest.join('\n').trim() }
}
