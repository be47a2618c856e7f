import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { measureDisk } from '../box/disk-usage.ts'
import { hasCode } from '../error-code.ts'
import type { Run, RunnerContext } from '../run/run.ts'
import { removeTree } from './remove-tree.ts'
import type { Workspace } from './workspace.ts'

/** Whose a kept home is. Beside it, where no agent can change it. */
const About = z.object({ agent: z.string(), conversation_id: z.string() })

/** Larger ones are not kept: what an agent remembers is small, what it has downloaded need not be. */
const largestHomeBytes = 512 * 1024 * 1024

function homesFolder(dataDir: string): string {
  return join(dataDir, 'homes')
}

/**
 * Keeps the agent's home when its session has completed, for a message that may come to the task: its
 * memory of the conversation is in there. The workspace has none from then on. One home is kept for a
 * task, the last.
 */
export async function keepHome(run: Run, workspace: Workspace): Promise<void> {
  const { settings, dataDir } = run.context
  const { conversationId, homeDir, dir } = workspace
  if (conversationId === undefined || settings.runner.keep_home_minutes === 0) return
  const bytes = await measureDisk(homeDir, largestHomeBytes, run.signal)
  if (bytes > largestHomeBytes) return
  const folder = homesFolder(dataDir)
  const place = join(folder, run.lease.task.id)
  const about = { agent: run.lease.session.agent, conversation_id: conversationId }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kept = join(dir, 'kept')
  await mkdir(kept, { mode: 0o700 })
  await writeFile(join(kept, 'about.json'), JSON.stringify(about))
  try {
    await rename(homeDir, join(kept, 'home'))
  } catch (error) {
    // An agent can close its home, to us as well.
    if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM')) return
    throw error
  }
  await moveAway(place, dir)
  await rename(kept, place)
}

/**
 * Gives a new session the home its task's last session had, if it is on this machine and the agent is the
 * same: by renaming, so that two never have it. Returns the conversation it remembers.
 */
export async function takeHome(
  run: Run,
  dir: string,
  homeDir: string,
): Promise<string | undefined> {
  if (run.lease.session.number === 1) return undefined
  const place = join(homesFolder(run.context.dataDir), run.lease.task.id)
  const taken = await moveAway(place, dir)
  if (taken === undefined) return undefined
  const about = About.safeParse(JSON.parse(await readFile(join(taken, 'about.json'), 'utf8')))
  if (about.data?.agent !== run.lease.session.agent) return undefined
  await rename(join(taken, 'home'), homeDir)
  return about.data.conversation_id
}

/** Into a folder that is removed with all that is in it. Undefined where there is nothing. */
async function moveAway(place: string, dir: string): Promise<string | undefined> {
  const away = join(dir, `earlier-${randomUUID()}`)
  try {
    await rename(place, away)
    return away
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** One pass: removes the homes that were kept long enough. Returns how many. */
export async function sweepHomes(
  { dataDir, settings }: Pick<RunnerContext, 'dataDir' | 'settings'>,
  signal: AbortSignal,
): Promise<number> {
  const folder = homesFolder(dataDir)
  const keptMs = settings.runner.keep_home_minutes * 60_000
  let removed = 0
  for (const name of await listFolder(folder)) {
    if (signal.aborted) break
    const place = join(folder, name)
    if (!(await isOlder(join(place, 'about.json'), keptMs))) continue
    // Renamed first: whoever takes it meanwhile has it whole, or not at all.
    const away = await moveAway(place, folder)
    if (away === undefined) continue
    await removeTree(away)
    removed += 1
  }
  return removed
}

/** Files of a machine go by its clock. Without one it is a rest of a sweep that was killed. */
async function isOlder(file: string, ms: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs > ms
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true
    throw error
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
