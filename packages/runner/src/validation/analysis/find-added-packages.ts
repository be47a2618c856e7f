import { lockFileReader } from '../dependencies/lock-files.ts'
import type { Package } from '../dependencies/package.ts'
import type { PackagesTask } from './tasks.ts'

/** Packages that a lock file names now and did not before. One more than `most` where there are more. */
export function findAddedPackages({ name, before, after, most }: PackagesTask): Package[] {
  const read = lockFileReader(name)
  if (read === undefined) return []
  const known = new Set(before === undefined ? [] : readLeniently(read, before).map(keyOf))
  const added = new Map<string, Package>()
  for (const one of read(textOf(after))) {
    if (!known.has(keyOf(one))) added.set(keyOf(one), one)
    if (added.size > most) break
  }
  return [...added.values()]
}

/** What cannot be read was no lock file: then all is new. */
function readLeniently(read: (text: string) => Package[], bytes: Uint8Array): Package[] {
  try {
    return read(textOf(bytes))
  } catch {
    return []
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function keyOf({ ecosystem, name, version }: Package): string {
  return `${ecosystem} ${name} ${version}`
}
