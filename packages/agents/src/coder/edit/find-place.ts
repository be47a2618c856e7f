import { fitIndentation } from './fit-indentation.ts'
import { type Change, endingAt, inCommon, joinAsBefore, plainText } from './line-ends.ts'

/** Where a text is in a file, and how the text that takes its place has to be written there. */
export interface Place {
  /** Offsets into the file: from the first character that is replaced to the one after the last. */
  start: number
  end: number
  /** The new text as it belongs there. */
  replacement: string
  /** From 1. */
  line: number
  /** Whether it was only found by looking past white space or line numbers. */
  isFitted: boolean
}

/** Where the lines begin that are the same but for white space, though no rule makes them the same. */
export interface Lookalikes {
  lines: number[]
}

interface Line {
  /** Without its line end. */
  text: string
  start: number
  /** After its line end. */
  end: number
  /** '\n', '\r\n', or '' at the end of the file. */
  ending: string
}

/** What read_file puts before a line. */
const lineNumber = /^ *\d+\t/

/**
 * Finds a text in a file. What is there exactly, line ends apart, comes first. Else whole lines are looked for
 * that differ only in white space at their ends, in one change of indentation that is the same for
 * all of them (tabs for spaces, another width, further in or out), or in line numbers before the
 * wanted ones. The new text is then changed in the same way, and lines it leaves as they were keep their bytes.
 */
export function findPlaces(file: string, oldText: string, newText: string): Place[] {
  const exact = findExact(file, oldText, newText)
  if (exact.length > 0) return exact
  const lines = splitLines(file)
  const [wanted, wished] = [plainLines(oldText), plainLines(newText)]
  const found = findLines(file, lines, wanted, wished)
  if (found.length > 0 || !wanted.some((line) => lineNumber.test(line))) return found
  return findLines(file, lines, withoutNumbers(wanted), withoutNumbers(wished))
}

/** Lines that say the same with other white space anywhere: what to show a model that missed them. */
export function findLookalikes(file: string, oldText: string): Lookalikes {
  const squeeze = (line: string) => line.replace(lineNumber, '').replace(/\s+/g, '')
  const wanted = trimBlank(plainLines(oldText).map(squeeze))
  const lines = splitLines(file).map(({ text }) => text.replace(/\s+/g, ''))
  return { lines: startsOf(lines, wanted).map((at) => at + 1) }
}

function findExact(file: string, oldText: string, newText: string): Place[] {
  // Models see and write line feeds; a file that has other line ends keeps its own.
  const plain = plainText(file)
  const wanted = plainText(oldText)
  const change = { old: wanted.split('\n'), new: plainText(newText).split('\n') }
  const longEnds = findLongEnds(file)
  const places: Place[] = []
  let [line, counted, shift] = [1, 0, 0]
  // Also those that overlap: which of them is meant cannot be known.
  for (let at = plain.indexOf(wanted); at !== -1; at = plain.indexOf(wanted, at + 1)) {
    line += countLineEnds(plain, counted, at)
    counted = at
    shift = countBefore(longEnds, at, shift)
    const plainEnd = at + wanted.length
    const [start, end] = [at + shift, plainEnd + countBefore(longEnds, plainEnd, shift)]
    const ending = endingAt(file, end)
    const isLineEnd = file.startsWith(ending, end)
    const endings = [...lineEnds(file.slice(start, end)), isLineEnd ? ending : '']
    const joined = joinAsBefore(change, change.new, endings, ending)
    places.push({
      start,
      end: end + joined.taken,
      replacement: joined.text,
      line,
      isFitted: false,
    })
  }
  return places
}

/** Where a text has line ends of two characters, counted as if they had one. */
function findLongEnds(text: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 1)) {
    places.push(at - places.length)
  }
  return places
}

/** @param known how many at least */
function countBefore(places: number[], end: number, known: number): number {
  let count = known
  while (count < places.length && places[count]! < end) count += 1
  return count
}

function lineEnds(text: string): string[] {
  return text.match(/\r?\n/g) ?? []
}

function findLines(file: string, lines: Line[], wanted: string[], wished: string[]): Place[] {
  const trimmed = lines.map(({ text }) => trimEnds(text))
  const places: Place[] = []
  for (const at of startsOf(trimmed, wanted.map(trimEnds))) {
    const there = lines.slice(at, at + wanted.length)
    const fit = fitIndentation(
      wanted,
      there.map(({ text }) => text),
    )
    if (fit === undefined) continue
    places.push(placeOf(file, there, at + 1, { wanted, wished, fit }))
  }
  return places
}

interface Fitted {
  wanted: string[]
  wished: string[]
  fit: (line: string) => string
}

function placeOf(
  file: string,
  there: Line[],
  line: number,
  { wanted, wished, fit }: Fitted,
): Place {
  // There is at least one: a wanted text is never empty.
  const [first, last] = [there[0]!, there.at(-1)!]
  const place = { start: first.start, line, isFitted: true }
  if (wished.length === 0) return { ...place, end: last.end, replacement: '' }
  const change = { old: wanted, new: wished }
  const endings = there.map(({ ending }) => ending)
  const end = last.end - last.ending.length
  const texts = keepUnchanged(there, change, fit)
  const joined = joinAsBefore(change, texts, endings, endingAt(file, end))
  return { ...place, end: end + joined.taken, replacement: joined.text }
}

/** What the new text has in common with the old one, at its beginning and its end, stays as the file has it. */
function keepUnchanged(there: Line[], change: Change, fit: (line: string) => string): string[] {
  const { head, tail } = inCommon(change)
  const texts = there.map(({ text }) => text)
  return [
    ...texts.slice(0, head),
    ...change.new.slice(head, change.new.length - tail).map(fit),
    ...texts.slice(texts.length - tail),
  ]
}

/** The lines of what a model wrote. A line end at its end begins no other line. */
function plainLines(text: string): string[] {
  const lines = plainText(text).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function withoutNumbers(lines: string[]): string[] {
  return lines.map((line) => line.replace(lineNumber, ''))
}

/** Of what may differ. No other white space: it means something where it is used. */
function trimEnds(line: string): string {
  return line.replace(/^[ \t]+|[ \t\r]+$/g, '')
}

function trimBlank(lines: string[]): string[] {
  const first = lines.findIndex((line) => line !== '')
  const last = lines.findLastIndex((line) => line !== '')
  return first === -1 ? [] : lines.slice(first, last + 1)
}

/** Where `wanted` begins among `lines`. Blank lines alone are nowhere: they would be everywhere. */
function startsOf(lines: string[], wanted: string[]): number[] {
  if (!wanted.some((line) => line !== '')) return []
  return lines.flatMap((_, at) =>
    wanted.every((line, offset) => lines[at + offset] === line) ? [at] : [],
  )
}

function splitLines(text: string): Line[] {
  const lines: Line[] = []
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf('\n', start)
    const end = feed === -1 ? text.length : feed + 1
    const ending = feed === -1 ? '' : text[feed - 1] === '\r' && feed > start ? '\r\n' : '\n'
    lines.push({ text: text.slice(start, end - ending.length), start, end, ending })
    start = end
  }
  return lines
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) {
    count += 1
  }
  return count
}
