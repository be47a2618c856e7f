/** Text for a cell of a table in Markdown: one line, and nothing in it is markup. */
export function markdownCell(value: string): string {
  return value.replace(/\s+/g, ' ').replace(/[\\|<>`*_[\]&]/g, (character) => `\\${character}`)
}
