import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { isEndState } from '@errand/contract'
import { getTask, type SessionRow } from '@errand/core'

import { hasCode } from '../error-code.ts'
import { lockFile } from '../file-lock.ts'
import type { RunnerContext } from '../run/run.ts'
import { removeTree } from './remove-tree.ts'
import { readOwner, workspacesFolder } from './workspace.ts'

/** A folder without an owner this old was left half-made; a younger one may just be coming up. */
const halfMadeMs = 60_000

/**
 * One pass over the workspaces on this machine: removes those that nobody holds and no session can go
 * on with, left behind by a runner that died or by a wait that ended without an answer. Returns how
 * many were removed.
 */
export async function sweepWorkspaces(
  context: RunnerContext,
  signal: AbortSignal,
): Promise<number> {
  const folder = workspacesFolder(context.dataDir)
  let removed = 0
  for (const name of await listFolder(folder)) {
    if (signal.aborted) break
    if (await sweepOne(context, join(folder, name), signal)) removed += 1
  }
  return removed
}

async function sweepOne(
  context: RunnerContext,
  dir: string,
  signal: AbortSignal,
): Promise<boolean> {
  const lock = await lockFile(join(dir, 'lock'), { create: false, waitMs: 0, signal })
  if (lock === undefined) return await removeHalfMade(dir)
  await using _ = lock
  if (await isNeeded(context, dir)) return false
  await removeTree(dir)
  return true
}

/** No lock, or held: only the first is looked at. */
async function removeHalfMade(dir: string): Promise<boolean> {
  try {
    if ((await listFolder(dir)).includes('lock')) return false
    if (Date.now() - (await stat(dir)).mtimeMs < halfMadeMs) return false
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
  await removeTree(dir)
  return true
}

async function isNeeded({ store }: RunnerContext, dir: string): Promise<boolean> {
  const owner = await readOwner(dir)
  if (owner === undefined) return Date.now() - (await stat(dir)).mtimeMs < halfMadeMs
  const task = await getTask(store, owner.task_id)
  const session = task?.sessions.find(({ id }) => id === owner.session_id)
  return session !== undefined && mayGoOn(session)
}

/** Waiting, answered and queued again, or just leased by a run that is about to reach for it. */
function mayGoOn(session: SessionRow): boolean {
  if (isEndState(session.state)) return false
  return session.state !== 'queued' || session.put_away
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return []
    throw error
  }
}
