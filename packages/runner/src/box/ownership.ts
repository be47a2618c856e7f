import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import type { HostTools } from './host-tools.ts'
import { type Identity, owns } from './identity.ts'

/**
 * Makes the entries and all below them belong to whom the box is started as. Done once: chown gives
 * the top folder last, so one that has its owner is complete, even if a runner died in the middle.
 *
 * Only for what no process of a box can reach at the time.
 */
export async function giveTo(
  tools: HostTools,
  identity: Identity,
  paths: readonly string[],
): Promise<void> {
  if (!identity.stepsDown) return
  const foreign = paths.filter((path) => !owns(identity, path))
  if (foreign.length === 0) return
  const owner = `${identity.uid}:${identity.gid}`
  // -h: a link is given itself, never what it points to. -P: no link is walked through.
  await promisify(execFile)(tools.chown, ['-R', '-h', '-P', owner, '--', ...foreign], { env: {} })
}
