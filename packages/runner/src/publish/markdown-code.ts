/**
 * As code, whatever stands in it: within longer rows of backticks than it has itself, nothing else of
 * Markdown or HTML holds, and nobody is mentioned.
 */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([row]) => row.length))
  const fence = '`'.repeat(longest + 1)
  const space = longest > 0 ? ' ' : ''
  return `${fence}${space}${text || ' '}${space}${fence}`
}
