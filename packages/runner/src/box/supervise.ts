import type { SandboxSettings } from '@errand/contract'
import type { Log } from '@errand/core'

import type { StopReason } from './box.ts'
import type { BoxCgroup } from './cgroup.ts'
import { guardDisk } from './disk-guard.ts'
import type { Launch } from './launch.ts'
import { guardMemory } from './memory-guard.ts'

const mib = 1024 * 1024

/** Watches over everything that runs in one box, and ends it. */
export interface Supervision {
  /** Takes a sandbox of this box under its watch, until it has ended. */
  add(launch: Launch): void
  /** Why everything was killed; nothing as long as it was not. */
  readonly reason: StopReason | undefined
  /** Resolves when all is dead. Safe to call twice. */
  close(): Promise<void>
}

export interface SupervisionOptions {
  cgroup: BoxCgroup | undefined
  settings: SandboxSettings
  log: Log
  workspaceDir: string
  isWorkspaceReadOnly?: boolean
  homeDir: string
  signal: AbortSignal
  wallClockMs: number
}

/** Starts the guards of a box. */
export function superviseBox(options: SupervisionOptions): Supervision {
  const { cgroup, settings, log } = options
  const launches = new Set<Launch>()
  const over = new AbortController()
  let reason: StopReason | undefined
  let isRemoved = false

  const roots = (): ReadonlySet<number> => new Set([...launches].map(({ pid }) => pid))
  const stop = (why: StopReason): void => {
    reason ??= why
    over.abort()
    clearTimeout(clock)
    stopMemoryGuard()
    options.signal.removeEventListener('abort', onAbort)
    for (const launch of launches) launch.kill()
  }
  const onAbort = (): void => stop('closed')
  const clock = setTimeout(() => stop('wall_clock'), options.wallClockMs)
  const stopMemoryGuard = guardMemory({
    limitBytes: settings.memory_mb * mib,
    roots,
    onExceeded: (found) => {
      log.warn(found, 'box stopped: memory limit')
      stop('memory')
    },
    onError: (error) => log.error({ err: error }, 'memory of a box could not be measured'),
  })
  const disk = guardDisk({
    // What is in a workspace that can only be read is not this box's doing.
    folders:
      options.isWorkspaceReadOnly === true
        ? [options.homeDir]
        : [options.workspaceDir, options.homeDir],
    limitBytes: settings.workspace_mb * mib,
    roots,
    onExceeded: (found) => {
      log.warn(found, 'box stopped: disk limit')
      stop('disk')
    },
    onError: (error) => log.error({ err: error }, 'disk of a box could not be measured'),
    signal: over.signal,
  })
  options.signal.addEventListener('abort', onAbort)
  if (options.signal.aborted) onAbort()

  return {
    add(launch) {
      launches.add(launch)
      void launch.ended.then(() => {
        launches.delete(launch)
        if (cgroup?.ranOutOfMemory() === true) stop('memory')
      })
      // It was started while the box was being closed.
      if (reason !== undefined) launch.kill()
    },
    get reason() {
      return reason
    },
    async close() {
      stop('closed')
      await Promise.all([...launches].map(({ ended }) => ended))
      await disk
      if (!isRemoved) cgroup?.remove()
      isRemoved = true
    },
  }
}
