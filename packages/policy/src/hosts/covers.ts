import type { Reach } from './parse-reach.ts'

/** Whether everything that `inner` reaches is reached by `outer`. */
export function covers(outer: Reach, inner: Reach): boolean {
  return (
    coversHosts(outer, inner) &&
    (outer.scheme === undefined || outer.scheme === inner.scheme) &&
    (outer.port === undefined || outer.port === inner.port) &&
    isBelow(outer.path, inner.path)
  )
}

function coversHosts(outer: Reach, inner: Reach): boolean {
  if (outer.labels.length === 0) return true
  if (outer.isAddress !== inner.isAddress || inner.labels.length < outer.labels.length) return false
  if (!outer.labels.every((label, at) => label === inner.labels[at])) return false
  if (inner.labels.length > outer.labels.length) return outer.subdomains
  return (!inner.self || outer.self) && (!inner.subdomains || outer.subdomains)
}

/** Whether a path is `outer` or below it: `/team` has `/team/a` below it, and not `/teams`. */
export function isBelow(outer: string | undefined, inner: string | undefined): boolean {
  if (outer === undefined) return true
  // A variable could hold `../..`.
  if (inner === undefined || inner.includes('$')) return false
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`)
}
