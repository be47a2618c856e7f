import { stripVTControlCharacters } from 'node:util'

/**
 * Rows in columns as wide as their widest cell, within `columns` characters: what is too much is cut
 * from the first column, which holds the longest text. Cells may be coloured, but the first.
 */
export function formatTable(rows: readonly (readonly string[])[], columns: number): string {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => visibleWidth(row[index] ?? ''))),
  )
  const gap = 2
  const tooMuch = widths.reduce((sum, width) => sum + width + gap, -gap) - columns
  const minimum = 12
  const cut = Math.max(minimum, (widths[0] ?? 0) - Math.max(0, tooMuch))
  widths[0] = Math.min(widths[0] ?? 0, cut)
  return rows.map((row) => formatRow(row, widths, gap)).join('\n')
}

function formatRow(row: readonly string[], widths: readonly number[], gap: number): string {
  return row
    .map((cell, index) => {
      const width = widths[index] ?? 0
      const text = index === 0 ? shorten(cell, width) : cell
      return text + ' '.repeat(Math.max(0, width - visibleWidth(text)))
    })
    .join(' '.repeat(gap))
    .trimEnd()
}

/** Cuts text to a width, with an ellipsis for what is left out. */
export function shorten(text: string, width: number): string {
  const characters = charactersOf(text)
  return characters.length <= width
    ? text
    : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

function visibleWidth(text: string): number {
  return charactersOf(stripVTControlCharacters(text)).length
}

/** Characters as a reader counts them: an emoji of several code points is one. */
function charactersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
}
