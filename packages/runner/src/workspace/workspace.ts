import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { hasCode } from '../error-code.ts'
import { type FileLock, lockFile } from '../file-lock.ts'
import type { Run } from '../run/run.ts'
import { takeHome } from './kept-homes.ts'
import { removeTree } from './remove-tree.ts'

/** The folders one session works in, held by one run at a time. */
export interface Workspace extends AsyncDisposable {
  /** Holds all of it; the box sees only the two folders below. */
  dir: string
  /** The checkout. Once the agent has run, nothing outside a box may touch what is in it. */
  workspaceDir: string
  /** The agent's home: its memory of the conversation is in there. */
  homeDir: string
  /** The gateway's socket is in there. */
  runDir: string
  /** Whether these are the folders an earlier attempt was put away with. */
  isReopened: boolean
  /**
   * Whether the folders are left in place at the end: while a question is open, somebody may have to
   * go on with them, also when this process dies. Who no longer needs them is for the sweep to see.
   */
  isKept: boolean
  /** The conversation the home remembers: of the task's last session at first, of this one at its end. */
  conversationId: string | undefined
}

/** Whose folders these are: written beside them, where no agent can change it. */
export const Owner = z.object({ task_id: z.string(), session_id: z.string() })

/** How long a run that is putting its box away may take to let its folders go. */
const handOverMs = 20_000

/** The sessions that have folders on this machine, of whatever attempt. */
export async function sessionsWithWorkspace(dataDir: string): Promise<string[]> {
  const names = await listWorkspaces(dataDir)
  return [...new Set(names.map((name) => name.replace(/-\d+$/, '')))]
}

async function listWorkspaces(dataDir: string): Promise<string[]> {
  try {
    return await readdir(workspacesFolder(dataDir))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

export function workspacesFolder(dataDir: string): string {
  return join(dataDir, 'workspaces')
}

/**
 * Opens the folders of a session: those it was put away with if they are on this machine, else new
 * ones. The name has the attempt in it, so that a run never meets one that has lost the lease and
 * does not know it yet.
 */
export async function openWorkspace(run: Run): Promise<Workspace> {
  const folder = workspacesFolder(run.context.dataDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const earlier = run.lease.resume ? await reopenWorkspace(run, handOverMs) : undefined
  if (earlier !== undefined) return earlier
  const dir = join(folder, `${run.lease.session.id}-${run.lease.attempt}`)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const lock = await lockFile(join(dir, 'lock'), { signal: run.signal })
  if (lock === undefined) throw new Error(`the workspace ${dir} was removed as it was made`)
  const owner = { task_id: run.lease.task.id, session_id: run.lease.session.id }
  await writeFile(join(dir, 'owner.json'), JSON.stringify(owner))
  const conversationId = await takeHome(run, dir, join(dir, 'home'))
  return await present(run, dir, lock, { isReopened: false, conversationId })
}

/**
 * Opens the folders a session was put away with. Undefined where this machine has none, or another
 * run holds them for longer than `waitMs`. Default: it is waited for.
 */
export async function reopenWorkspace(run: Run, waitMs?: number): Promise<Workspace | undefined> {
  const { dataDir } = run.context
  const name = newestOf(await listWorkspaces(dataDir), run.lease.session.id)
  if (name === undefined) return undefined
  const dir = join(workspacesFolder(dataDir), name)
  if (!existsSync(join(dir, 'checkout.json'))) return undefined
  const options = { create: false, signal: run.signal, ...(waitMs !== undefined && { waitMs }) }
  const lock = await lockFile(join(dir, 'lock'), options)
  if (lock === undefined) return undefined
  return await present(run, dir, lock, { isReopened: true, conversationId: undefined })
}

function newestOf(names: string[], sessionId: string): string | undefined {
  const attempts = names
    .filter((name) => name.startsWith(`${sessionId}-`))
    .map((name) => Number(name.slice(sessionId.length + 1)))
    .filter(Number.isInteger)
  return attempts.length === 0 ? undefined : `${sessionId}-${Math.max(...attempts)}`
}

async function present(
  run: Run,
  dir: string,
  lock: FileLock,
  { isReopened, conversationId }: Pick<Workspace, 'isReopened' | 'conversationId'>,
): Promise<Workspace> {
  const [workspaceDir, homeDir, runDir] = ['workspace', 'home', 'run'].map((name) =>
    join(dir, name),
  ) as [string, string, string] // one for each name
  for (const path of [workspaceDir, homeDir, runDir]) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  }
  const workspace: Workspace = {
    dir,
    workspaceDir,
    homeDir,
    runDir,
    isReopened,
    // Also when they were kept until now: what is leased again either goes on or begins anew.
    isKept: false,
    conversationId,
    async [Symbol.asyncDispose]() {
      const mayGo = !workspace.isKept && !run.context.settings.runner.keep_workspaces
      if (mayGo) await removeTree(dir)
      await lock.release()
    },
  }
  return workspace
}

/** Whose folders these are; undefined for half-made ones. */
export async function readOwner(dir: string): Promise<z.infer<typeof Owner> | undefined> {
  try {
    return Owner.parse(JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8')))
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}
