import { join } from 'node:path'
import { lockFile } from '../file-lock.ts'

/** Waits until no run has a workspace: a session is put away a moment before its box has closed. */
export async function untilLetGo(workspace: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000)
  await using _ = await lockFile(join(workspace, 'lock'), { create: false, signal })
}
