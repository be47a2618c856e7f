/** What the client makes the pull request's text of. */
export interface TurnReport {
  title: string
  body: string
}

const titleLimit = 120

/** The model's own report, put into form. */
export function cleanReport({ title, body }: TurnReport): TurnReport {
  return { title: cleanTitle(title), body: body.trim() }
}

/**
 * A report for a turn whose model gave none: the heading of what it said last, or its first sentence,
 * or the first line of the task.
 */
export function deriveReport(lastText: string, prompt: string): TurnReport {
  const text = lastText.trim()
  const heading = /^#{1,6}[ \t]+([^\n]+)\n*/.exec(text)
  if (heading?.[1] !== undefined) {
    return { title: cleanTitle(heading[1]), body: text.slice(heading[0].length).trim() }
  }
  const sentence = /^([^\n]{12,100}?)(?:[.:](?=\s|$)|\n|$)/.exec(text)?.[1]
  const firstLine = prompt.trim().split('\n')[0] ?? ''
  return { title: cleanTitle(sentence ?? firstLine), body: text }
}

function cleanTitle(title: string): string {
  const line = title.replace(/\s+/g, ' ').replace(/^#+ /, '').trim()
  if (line === '') return 'Work on the task'
  return line.length > titleLimit ? `${line.slice(0, titleLimit - 1)}…` : line
}
