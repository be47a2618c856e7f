import type { WriteScope } from '@errand/contract'
import type { RunTrigger } from '@errand/core'
import type { ReadEvent } from './read-event.ts'
import { visibleText } from './visible-text.ts'

/** Longest text of a title and of what was written that a task is told, in UTF-16 units. */
const longestTitle = 300
const longestText = 16_000

/**
 * What a run is told of what began it, and where it is to work.
 *
 * @param hears Whether an account's words may reach the agent. Where nobody checks who begins a run, those of
 *   who may not write do not.
 */
export async function triggerOf(
  read: ReadEvent,
  writeScope: WriteScope,
  hears: (userId: number) => Promise<boolean>,
): Promise<RunTrigger> {
  const { subject, url, author } = read
  const isTitleHeard = subject === undefined || (await hears(subject.author.id))
  const isTextHeard =
    author !== undefined &&
    (author.id === subject?.author.id ? isTitleHeard : await hears(author.id))
  const text = visibleText(read.text, longestText)
  const branch = subject?.state === 'open' ? subject.branch : undefined
  return {
    url,
    write_scope: writeScope,
    ...(subject !== undefined && { number: subject.number }),
    ...(isTitleHeard && { title: visibleText(read.title, longestTitle) }),
    ...(isTextHeard && text !== '' && { text }),
    ...(branch?.is_from_fork === false && { branch: { head: branch.head, base: branch.base } }),
    ...(branch?.is_from_fork === true && { is_from_fork: true }),
  }
}
