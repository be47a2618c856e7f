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
 * A report for a turn whose model gave none, of what it said last: its heading, or its first sentence,
 * is the title. Undefined if it said nothing.
 */
export function deriveReport(lastText: string): TurnReport | undefined {
  const text = lastText.trim()
  if (text === '') return undefined
  const heading = /^#{1,6}[ \t]+([^\n]+)\n*/.exec(text)
  if (heading?.[1] !== undefined) {
    return { title: cleanTitle(heading[1]), body: text.slice(heading[0].length).trim() }
  }
  const sentence = /^.*?(?=[.:!](?:\s|$)|\n|$)/.exec(text)?.[0] ?? text
  return { title: cleanTitle(sentence), body: text }
}

function cleanTitle(title: string): string {
  const line = title.replace(/\s+/g, ' ').replace(/^#+ /, '').trim()
  return line.length > titleLimit ? `${line.slice(0, titleLimit - 1).toWellFormed()}…` : line
}
