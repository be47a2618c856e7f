import { printableLine } from '../terminal/printable.ts'
import type { Paint } from '../terminal/colours.ts'

/** What was and what is, a line each, of the fields that are different. */
export function describeChange(
  paint: Paint,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): string[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return fields
    .map((field) => ({ field, was: show(before[field]), is: show(after[field]) }))
    .filter(({ was, is }) => was !== is)
    .flatMap(({ field, was, is }) => [
      paint('red', `- ${field}: ${was}`),
      paint('green', `+ ${field}: ${is}`),
    ])
}

export function show(value: unknown): string {
  return printableLine(value === undefined ? 'nothing' : JSON.stringify(value))
}
