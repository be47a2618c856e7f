import type { Paint } from '../terminal/colours.ts'
import { printable } from '../terminal/printable.ts'

/** A unified diff for a terminal: coloured as git does, and harmless. */
export function presentDiff(diff: string, paint: Paint): string {
  return printable(diff)
    .split('\n')
    .map((line) => paintLine(line, paint))
    .join('\n')
}

function paintLine(line: string, paint: Paint): string {
  if (/^(diff |index |--- |\+\+\+ |new file|deleted file|rename |similarity )/.test(line)) {
    return paint('bold', line)
  }
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}

interface FileChange {
  path: string
  added: number
  removed: number
}

/** ` 2 files changed, 12 insertions(+), 3 deletions(-)` and a line for each file, as `git diff --stat`. */
export function presentDiffStat(diff: string, paint: Paint): string {
  const files = countChanges(diff)
  const width = Math.max(0, ...files.map(({ path }) => path.length))
  const lines = files.map(({ path, added, removed }) => {
    const bar =
      paint('green', '+'.repeat(barLength(added))) + paint('red', '-'.repeat(barLength(removed)))
    return ` ${path.padEnd(width)} | ${String(added + removed).padStart(4)} ${bar}`
  })
  const added = files.reduce((sum, file) => sum + file.added, 0)
  const removed = files.reduce((sum, file) => sum + file.removed, 0)
  const count = files.length === 1 ? '1 file' : `${files.length} files`
  return [...lines, ` ${count} changed, ${added} insertions(+), ${removed} deletions(-)`].join('\n')
}

function barLength(lines: number): number {
  return Math.min(lines, 30)
}

/** Counts within hunks only: a line of a file may itself begin with `---`. */
function countChanges(diff: string): FileChange[] {
  const files: FileChange[] = []
  let isInHunk = false
  for (const line of printable(diff).split('\n')) {
    const header = /^diff --git "?a\/.* "?b\/(?<path>.*?)"?$/.exec(line)?.groups
    if (header && !(isInHunk && /^[ +\-\\]/.test(line))) {
      files.push({ path: header.path ?? '', added: 0, removed: 0 })
      isInHunk = false
    }
    if (line.startsWith('@@')) isInHunk = true
    const file = files.at(-1)
    if (!file || !isInHunk) continue
    if (line.startsWith('+')) file.added += 1
    if (line.startsWith('-')) file.removed += 1
  }
  return files
}
