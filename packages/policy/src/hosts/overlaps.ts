import { isBelow } from './covers.ts'
import type { Reach } from './parse-reach.ts'

/** Whether there is anything that both reach. */
export function overlaps(one: Reach, other: Reach): boolean {
  return (
    hostsOverlap(one, other) &&
    isSameOrAny(one.scheme, other.scheme) &&
    isSameOrAny(one.port, other.port) &&
    (one.path === undefined ||
      other.path === undefined ||
      isBelow(one.path, other.path) ||
      isBelow(other.path, one.path) ||
      `${one.path}${other.path}`.includes('$'))
  )
}

function hostsOverlap(one: Reach, other: Reach): boolean {
  const [upper, lower] = one.labels.length <= other.labels.length ? [one, other] : [other, one]
  if (upper.labels.length === 0) return true
  if (upper.isAddress !== lower.isAddress) return false
  if (!upper.labels.every((label, at) => label === lower.labels[at])) return false
  if (lower.labels.length > upper.labels.length) return upper.subdomains
  return (one.self && other.self) || (one.subdomains && other.subdomains)
}

function isSameOrAny(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other
}
