import type { RawChange } from '../git/raw-diff.ts'
import { absentMode, type PutAside } from './put-aside.ts'

/** `git update-index -z --index-info` by which the index has again what the branch has of these. */
export function ownEntries(putAside: readonly PutAside[]): string {
  return putAside.map(({ path, own }) => indexLine(path, own)).join('')
}

/**
 * Of what was put aside, what the agent has left as it found it: the branch is to keep its own. What the agent
 * has changed is its work, as everything else is.
 *
 * @param changes what is staged, against the commit the branch was at
 */
export function leftAlone(
  putAside: readonly PutAside[],
  changes: readonly RawChange[],
): PutAside[] {
  const staged = new Map(changes.map((change) => [change.path, change]))
  return putAside.filter(({ path, trusted }) => {
    const change = staged.get(path)
    if (change === undefined) return false
    if (trusted === undefined) return change.newMode === absentMode
    return change.newMode === trusted.mode && change.newId === trusted.oid
  })
}

function indexLine(path: string, version: PutAside['own']): string {
  if (version === undefined) return `0 ${'0'.repeat(40)}\t${path}\0`
  return `${version.mode} ${version.oid}\t${path}\0`
}
