/** Escape sequences of terminals, and control characters other than line break and tab. */
const unprintable =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** What a program printed, without what could change a reader's terminal or hide the rest of a line. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unprintable, '').toWellFormed()
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim()
}

/** Keeps the beginning and the end of a text that is too long, which say most. */
export function truncateMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text
  const half = Math.floor(limit / 2)
  const cut = text.length - 2 * half
  return `${text.slice(0, half)}\n… [${cut} characters cut]\n${text.slice(-half)}`
}
