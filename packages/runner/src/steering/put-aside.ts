import { z } from 'zod'

import { changesBetween } from '../git/raw-diff.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import { followedPaths, isWithin } from './followed-paths.ts'
import { steersAgents } from './steering-paths.ts'
import { listTree } from '../mirror/tree.ts'

const Version = z.object({ mode: z.string(), oid: z.string() })

/** A path that steers agents, and is another on the branch than at the trusted commit. */
export const PutAside = z.object({
  path: z.string(),
  /** As the agent is to find it; absent: it finds none. */
  trusted: Version.exactOptional(),
  /** As the branch has it; absent: it has none. */
  own: Version.exactOptional(),
})
export type PutAside = z.infer<typeof PutAside>

/** What of a branch must not be seen by agents as it is there. */
export async function findPutAside(
  run: Run,
  mirror: Mirror,
  { trusted, own }: { trusted: string; own: string },
): Promise<PutAside[]> {
  if (trusted === own) return []
  const changed = await compare(run, mirror, trusted, own)
  if (changed.length === 0) return []
  const isFollowed = await followedPaths(run, mirror, await listTree(run, mirror, trusted))
  const steers = (path: string): boolean => steersAgents(path) || isFollowed(path)
  // Where the branch has a file or a link in the place of a folder, nothing can be put below it.
  const blocked = isWithin(
    new Set(changed.flatMap(({ path, own }) => (own && !steers(path) ? [path] : []))),
  )
  return changed.filter(({ path, own }) => steers(path) && (own !== undefined || !blocked(path)))
}

async function compare(run: Run, mirror: Mirror, from: string, to: string): Promise<PutAside[]> {
  const changes = await changesBetween({ gitDir: mirror.dir, signal: run.signal }, from, to)
  return changes.map(({ path, oldMode, oldId, newMode, newId }) => ({
    path,
    ...(oldMode !== absentMode && { trusted: { mode: oldMode, oid: oldId } }),
    ...(newMode !== absentMode && { own: { mode: newMode, oid: newId } }),
  }))
}

export const absentMode = '000000'
