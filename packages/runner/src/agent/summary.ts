import { oneLine } from '../printable.ts'

export interface Summary {
  title: string
  body: string
}

/** Longest first line that reads as a title. */
const titleLimit = 120

/**
 * What is to be said of the work: by the agent's own report if it gives one, else by what it said last,
 * whose first line is the title if it reads like one.
 */
export function summarize(
  report: Summary | undefined,
  lastMessage: string,
  taskName: string,
): Summary {
  if (report !== undefined && oneLine(report.title) !== '') {
    return { title: oneLine(report.title), body: report.body }
  }
  const text = lastMessage.trim()
  const [first = '', ...rest] = text.split('\n')
  const title = oneLine(first.replace(/^#+\s*/, '').replaceAll('**', ''))
  if (title === '' || title.length > titleLimit) return { title: taskName, body: text }
  return { title, body: rest.join('\n').trim() }
}
