import { lstatSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Whom a box is started as. Never root: for root a read-only /etc would still show /etc/shadow, and
 * the kernel exempts root from process limits. Inside, the uid is 1000 in any case.
 */
export interface Identity {
  uid: number
  gid: number
  /** Whether the server runs as root and so has to step down to `uid`. */
  stepsDown: boolean
}

/** @param unprivilegedUid `sandbox.uid`, used as the group too */
export function chooseIdentity(unprivilegedUid: number): Identity {
  // Both exist on every platform bubblewrap runs on; Windows alone lacks them.
  const uid = process.getuid!()
  const gid = process.getgid!()
  if (uid !== 0) return { uid, gid, stepsDown: false }
  return { uid: unprivilegedUid, gid: unprivilegedUid, stepsDown: true }
}

/**
 * Whether `identity` may walk to `path`: each parent folder is searchable for it. Judged by mode bits
 * alone; a wrong "no" only costs the detour of staging.
 */
export function canReach(identity: Identity, path: string): boolean {
  let folder = dirname(realpathSync(path))
  for (;;) {
    const { mode, uid, gid } = statSync(folder)
    const searchBit = uid === identity.uid ? 0o100 : gid === identity.gid ? 0o010 : 0o001
    if ((mode & searchBit) === 0) return false
    if (folder === '/') return true
    folder = dirname(folder)
  }
}

/** Whether the entry itself, not what a link there points to, belongs to `identity`. */
export function owns(identity: Identity, path: string): boolean {
  return lstatSync(path).uid === identity.uid
}
