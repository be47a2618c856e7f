import { fitIndentation } from './fit-indentation.ts'

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
 * Finds a text in a file. What is there exactly comes first. Else whole lines are looked for that
 * differ only in their line ends, in white space at their ends, in one change of indentation that is the same for
 * all of them (tabs for spaces, another width, further in or out), or in line numbers before the
 * wanted ones. The new text is then changed in the same way, and lines it leaves as they were keep their bytes.
 */
export function findPlaces(file: string, oldText: string, newText: string): Place[] {
  const exact = findExact(file, oldText, newText)
  if (exact.length > 0) return exact
  const lines = splitLines(file)
  // Models write line feeds; a file that has other line ends keeps its own.
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
  const native = (text: string) => (file.includes('\r\n') ? withCrlf(text) : text)
  const wanted = native(oldText)
  const places: Place[] = []
  let [line, counted] = [1, 0]
  // Also those that overlap: which of them is meant cannot be known.
  for (let at = file.indexOf(wanted); at !== -1; at = file.indexOf(wanted, at + 1)) {
    line += countLineEnds(file, counted, at)
    counted = at
    const end = at + wanted.length
    places.push({ start: at, end, replacement: native(newText), line, isFitted: false })
  }
  return places
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
    places.push(placeOf(file, there, at + 1, keepUnchanged(there, wanted, wished, fit)))
  }
  return places
}

function placeOf(file: string, there: Line[], line: number, replacement: string[]): Place {
  // There is at least one: a wanted text is never empty.
  const [first, last] = [there[0]!, there.at(-1)!]
  const ending = there.find(({ ending }) => ending !== '')?.ending ?? endingOf(file)
  const text = replacement.join(ending)
  const isGone = replacement.length === 0
  return {
    start: first.start,
    end: isGone ? last.end : last.end - last.ending.length,
    replacement: text,
    line,
    isFitted: true,
  }
}

/** What the new text has in common with the old one, at its beginning and its end, stays as the file has it. */
function keepUnchanged(
  there: Line[],
  wanted: string[],
  wished: string[],
  fit: (line: string) => string,
): string[] {
  const most = Math.min(wanted.length, wished.length)
  let head = 0
  while (head < most && wanted[head] === wished[head]) head += 1
  let tail = 0
  while (tail < most - head && wanted.at(-1 - tail) === wished.at(-1 - tail)) tail += 1
  const texts = there.map(({ text }) => text)
  return [
    ...texts.slice(0, head),
    ...wished.slice(head, wished.length - tail).map(fit),
    ...texts.slice(texts.length - tail),
  ]
}

/** The lines of what a model wrote. A line end at its end begins no other line. */
function plainLines(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
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

function endingOf(file: string): string {
  return file.includes('\r\n') ? '\r\n' : '\n'
}

function withCrlf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n')
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) {
    count += 1
  }
  return count
}
