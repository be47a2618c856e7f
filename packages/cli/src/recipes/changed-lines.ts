import type { Change } from '@errand/recipes'

/** Lines that went, with a `-`, and lines that came, with a `+`: what an edit in few places did. */
export function changedLines({ before = '', after }: Pick<Change, 'before' | 'after'>): string[] {
  const old = before.split('\n')
  const fresh = after.split('\n')
  if (old.length === fresh.length) {
    return old.flatMap((line, at) => (line === fresh[at] ? [] : [`-${line}`, `+${fresh[at]}`]))
  }
  let top = 0
  while (top < old.length && old[top] === fresh[top]) top += 1
  let bottom = 0
  const room = Math.min(old.length, fresh.length) - top
  while (bottom < room && old.at(-1 - bottom) === fresh.at(-1 - bottom)) bottom += 1
  const went = old.slice(top, old.length - bottom).map((line) => `-${line}`)
  const came = fresh.slice(top, fresh.length - bottom).map((line) => `+${line}`)
  return [...(before === '' ? [] : went), ...came]
}
