/** A piece of a text and what comes in its place. Positions are UTF-16 indices, `end` exclusive. */
export interface TextEdit {
  start: number
  end: number
  text: string
}

/** Applies edits that do not overlap; the same edit twice counts once. All else stays as it is. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = ''
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < at) continue
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}
