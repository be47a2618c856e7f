import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { failure } from '../acp/failure.ts'

export interface Summary {
  title: string
  body: string
}

/** Longest summary read, in bytes: GitHub takes 65,536 characters for a body. */
const summaryLimitBytes = 60_000

/**
 * The title and body a script wrote to `$ERRAND_SUMMARY_FILE`: its first line is the title, the rest
 * the body of the pull request. What it did not write stays as the prompt has it.
 *
 * @throws failure when there is something else than a file
 */
export async function readSummary(path: string, fromPrompt: Summary): Promise<Summary> {
  const text = (await readBeginning(path)).trim()
  const [first = '', ...rest] = text.split('\n')
  const title = first.replace(/^#+\s*/, '').trim()
  return title === '' ? fromPrompt : { title, body: rest.join('\n').trim() }
}

async function readBeginning(path: string): Promise<string> {
  let file
  try {
    // Opening a pipe without this would wait for somebody to write to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
  try {
    if (!(await file.stat()).isFile()) {
      throw failure('agent', 'The script made $ERRAND_SUMMARY_FILE something else than a file.')
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(summaryLimitBytes))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
    await rm(path, { recursive: true, force: true })
  }
}
