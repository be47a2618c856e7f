/** What most terminals give two cells: East Asian wide characters, and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u

const segmenter = new Intl.Segmenter()

/** How many cells text without escapes takes. Where terminals differ it is the more. */
export function cellWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** Text in exactly so many cells: cut with an ellipsis, or filled with spaces. */
export function fitCells(text: string, cells: number): string {
  const width = cellWidth(text)
  if (width <= cells) return text + ' '.repeat(cells - width)
  let cut = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const next = wide.test(segment) ? 2 : 1
    if (used + next > cells - 1) break
    cut += segment
    used += next
  }
  return cells < 1 ? '' : `${cut}…${' '.repeat(cells - 1 - used)}`
}
