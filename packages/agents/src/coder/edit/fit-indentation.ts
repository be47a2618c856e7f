/** Changes the indentation of a line. */
type Reindent = (indent: string) => string

/** Widths of a tab, and of a step of spaces, that are in use. */
const widths = [2, 4, 8, 3]

/**
 * The one change of indentation that makes lines what stands in a file, white space at their ends
 * apart; undefined if there is none. It is given as a function, to be used on more lines.
 *
 * @param there as many lines as `wanted`, which say the same
 */
export function fitIndentation(
  wanted: string[],
  there: string[],
): ((line: string) => string) | undefined {
  const pairs = wanted.flatMap((line, at) =>
    isBlank(line) ? [] : [[indentOf(line), indentOf(there[at] ?? '')] as const],
  )
  for (const convert of conversions()) {
    const [from, to] = pairs[0] ?? ['', '']
    const shift = shiftBetween(convert(from), to)
    if (shift === undefined) continue
    const reindent: Reindent = (indent) => shift(convert(indent))
    if (pairs.every(([from, to]) => reindent(from) === to)) return (line) => fit(line, reindent)
  }
  return undefined
}

function fit(line: string, reindent: Reindent): string {
  const indent = indentOf(line)
  return isBlank(line) ? '' : reindent(indent) + line.slice(indent.length)
}

function isBlank(line: string): boolean {
  return /^[ \t]*$/.test(line)
}

function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

/** The likeliest first: as it is, then tabs and spaces for each other, then spaces of another width. */
function* conversions(): Generator<Reindent> {
  yield (indent) => indent
  for (const width of widths) {
    yield (indent) => indent.replaceAll('\t', ' '.repeat(width))
    yield (indent) => indent.replaceAll(' '.repeat(width), '\t')
  }
  for (const from of widths) {
    for (const to of widths) {
      if (from === to) continue
      yield (indent) => indent.replaceAll(' '.repeat(from), ' '.repeat(to))
    }
  }
}

/** Further in, or further out. Undefined if neither leads from one to the other. */
function shiftBetween(from: string, to: string): Reindent | undefined {
  if (to.endsWith(from)) {
    const more = to.slice(0, to.length - from.length)
    return (indent) => more + indent
  }
  if (!from.endsWith(to)) return undefined
  const less = from.slice(0, from.length - to.length)
  // A line that is not so far in cannot go out as far.
  return (indent) => (indent.startsWith(less) ? indent.slice(less.length) : '')
}
