import { compareBuild, valid } from 'semver'

import { comparePythonVersions } from './compare-python-versions.ts'
import type { OsvRecord } from './osv-record.ts'
import type { Ecosystem, Package } from './package.ts'
import { pythonName } from './read-json-lock.ts'

/** Undefined where the two cannot be compared. */
type Compare = (one: string, other: string) => number | undefined

/** Of the other ecosystems only the versions count that a record names one by one. */
const comparisons: Partial<Record<Ecosystem, Compare>> = {
  npm: compareSemantic,
  'crates.io': compareSemantic,
  Go: compareSemantic,
  PyPI: comparePythonVersions,
}

function compareSemantic(one: string, other: string): number | undefined {
  const [a, b] = [one, other].map((version) => valid(version))
  return a == null || b == null ? undefined : compareBuild(a, b)
}

/** Whether a record is about this very version, by the rules of the OSV format ("Evaluation"). */
export function isAffected(record: OsvRecord, one: Package): boolean {
  if (record.withdrawn != null) return false
  return (record.affected ?? []).some(({ package: named, versions, ranges }) => {
    if (named === undefined || !isSamePackage(named, one)) return false
    if (versions?.includes(one.version) === true) return true
    const compare = comparisons[one.ecosystem]
    if (compare === undefined) return false
    return (ranges ?? [])
      .filter(({ type }) => type !== 'GIT')
      .some(({ events }) => isInRange(events, one.version, compare))
  })
}

function isSamePackage(named: { ecosystem: string; name: string }, one: Package): boolean {
  // An ecosystem may have a suffix, like a release of a distribution.
  if (named.ecosystem.split(':')[0] !== one.ecosystem) return false
  const name = one.ecosystem === 'PyPI' ? pythonName(named.name) : named.name
  return name === one.name
}

/** The last event at or before the version says: introduced, it is affected; fixed, it no longer is. */
function isInRange(
  events: readonly Record<string, string>[],
  version: string,
  compare: Compare,
): boolean {
  const isFrom = (start: string): boolean => start === '0' || (compare(version, start) ?? -1) >= 0
  const ordered = events
    .flatMap((event) => Object.entries(event))
    .toSorted(([, a], [, b]) => (a === '0' ? -1 : b === '0' ? 1 : (compare(a, b) ?? 0)))
  let isInside = false
  for (const [kind, at] of ordered) {
    if (kind === 'introduced' && isFrom(at)) isInside = true
    if (kind === 'fixed' && isFrom(at)) isInside = false
    if (kind === 'last_affected' && (compare(version, at) ?? 1) > 0) isInside = false
  }
  return isInside
}
