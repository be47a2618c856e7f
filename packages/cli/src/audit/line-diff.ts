/** Above this the table of what is common would be large; then all is shown as replaced. */
const mostLines = 2000

/** What is different between two texts, by lines: `- ` what goes, `+ ` what comes, and nothing else. */
export function lineDiff(before: string, after: string): string[] {
  const old = before.split('\n')
  const now = after.split('\n')
  if (old.length > mostLines || now.length > mostLines) {
    return [...old.map((line) => `- ${line}`), ...now.map((line) => `+ ${line}`)]
  }
  const common = commonLengths(old, now)
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i += 1
      j += 1
    } else if (
      j === now.length ||
      (i < old.length && lengthAt(common, i + 1, j) >= lengthAt(common, i, j + 1))
    ) {
      lines.push(`- ${old[i]}`)
      i += 1
    } else {
      lines.push(`+ ${now[j]}`)
      j += 1
    }
  }
  return lines
}

/** Of what begins at each line of both, how many lines they have in common, in order. */
function commonLengths(old: string[], now: string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const length =
        old[i] === now[j]
          ? lengthAt(table, i + 1, j + 1) + 1
          : Math.max(lengthAt(table, i + 1, j), lengthAt(table, i, j + 1))
      table[i]?.fill(length, j, j + 1)
    }
  }
  return table
}

function lengthAt(table: Uint16Array[], i: number, j: number): number {
  return table[i]?.[j] ?? 0
}
