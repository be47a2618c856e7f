/** Lines of a text, and those that take their place. */
export interface Change {
  old: string[]
  new: string[]
}

/** A text as models see and write it: with line feeds alone. */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

/** How many lines are the same in both, at the beginning and at the end. */
export function inCommon({ old, new: wished }: Change): { head: number; tail: number } {
  const most = Math.min(old.length, wished.length)
  let head = 0
  while (head < most && old[head] === wished[head]) head += 1
  let tail = 0
  while (tail < most - head && old.at(-1 - tail) === wished.at(-1 - tail)) tail += 1
  return { head, tail }
}

/** The end of the line that a text of the file ends on, or of the one before where that has none. */
export function endingAt(file: string, end: number): string {
  const next = file.indexOf('\n', end)
  const feed = next === -1 ? file.lastIndexOf('\n', end - 1) : next
  return feed > 0 && file[feed - 1] === '\r' ? '\r\n' : '\n'
}

/**
 * Joins new lines. One that stays keeps its line end, another takes that of the line whose place it
 * takes.
 *
 * @param texts the new lines as they are to be written
 * @param endings those of the old lines; the last is empty where the change ends within a line
 * @param otherwise for lines that have none to keep or take
 * @returns the text without the end of its last line; that is only there, and was taken from behind
 * the change, where it has to be another one
 */
export function joinAsBefore(
  change: Change,
  texts: string[],
  endings: string[],
  otherwise: string,
): { text: string; taken: number } {
  const { head, tail } = inCommon(change)
  const [oldCount, count] = [change.old.length, texts.length]
  const oldLine = (at: number) => {
    if (at < head) return at
    if (at >= count - tail) return at - count + oldCount
    return Math.min(at, oldCount - tail - 1)
  }
  const text = texts
    .map((line, at) => (at === count - 1 ? line : line + (endings[oldLine(at)] || otherwise)))
    .join('')
  const last = endings.at(-1) ?? ''
  const kept = count <= head ? (endings[count - 1] ?? last) : last
  return last === '' || kept === last
    ? { text, taken: 0 }
    : { text: text + kept, taken: last.length }
}
