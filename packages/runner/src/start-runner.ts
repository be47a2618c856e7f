import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

import type { Settings } from '@errand/contract'
import {
  createWake,
  type Encryption,
  type Lease,
  leaseSession,
  type Log,
  repeatPass,
  type Store,
  sweepCredentials,
  resumePaused,
  sweepRequests,
  sweepSessions,
} from '@errand/core'

import type { BuiltinPrograms } from './agent/descriptor.ts'
import type { RunnerForge } from './run/session-forge.ts'
import { runSession } from './run-session.ts'
import { sweepLayers } from './setup/cache/layer-store.ts'
import { sweepHomes } from './workspace/kept-homes.ts'
import { sweepWorkspaces } from './workspace/sweep-workspaces.ts'
import { sessionsWithWorkspace } from './workspace/workspace.ts'

export interface RunnerOptions {
  store: Store
  log: Log
  settings: Settings
  encryption: Encryption
  /** Mirrors and workspaces are kept in there. Several runners of a machine may share it. */
  dataDir: string
  forge: RunnerForge
  /** The agents that come with Errand, beside those of the settings. */
  programs: BuiltinPrograms
  /** The value of an environment variable, by its name: the settings name the keys, not hold them. */
  secrets: (envName: string) => string | undefined
}

export interface Runner {
  /**
   * Takes no more sessions and ends those at work: they go back to the queue, or stay waiting. Resolves
   * when nothing of them runs any more.
   */
  close(): Promise<void>
}

/** How long a session may be queued unnoticed when no wake-up comes through. */
const pollMs = 1000
const sweepMs = 2000
const workspaceSweepMs = 60_000
const credentialSweepMs = 60_000

/** Starts taking sessions from the queue, up to `runner.concurrency` at a time. */
export function startRunner(options: RunnerOptions): Runner {
  const { store, log, settings } = options
  const runnerId = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`
  const closing = new AbortController()
  const { signal } = closing
  const wake = createWake()
  const unsubscribe = store.changes.subscribe('queue', wake.wake)
  const running = new Set<Promise<void>>()

  function begin(lease: Lease): void {
    const ended = runSession(options, lease, signal).catch((error: unknown) => {
      const fields = { err: error, session_id: lease.session.id }
      log.error(fields, 'a session was left by a defect of its runner')
    })
    running.add(ended)
    void ended.finally(() => {
      running.delete(ended)
      wake.wake()
    })
  }

  /** One pass: takes what the limits admit and there is room for. */
  async function takeSessions(): Promise<void> {
    while (running.size < settings.runner.concurrency && !signal.aborted) {
      const lease = await leaseSession(store, {
        runner_id: runnerId,
        lease_seconds: settings.sessions.lease_seconds,
        limits: settings.limits,
        workspaces: await sessionsWithWorkspace(options.dataDir),
      })
      if (lease === undefined) return
      begin(lease)
    }
  }

  const loops = [
    repeatPass({ log, signal, wake, everyMs: pollMs, what: 'taking sessions' }, takeSessions),
    repeatPass({ log, signal, everyMs: sweepMs, what: 'sweeping sessions' }, async () => {
      await sweepSessions(store, settings)
      await sweepRequests(store)
      await resumePaused(store, settings)
    }),
    repeatPass({ log, signal, everyMs: credentialSweepMs, what: 'sweeping tokens' }, async () => {
      const left = await sweepCredentials(store)
      if (left > 0) log.warn({ count: left }, 'tokens were kept longer than their work')
    }),
    repeatPass(
      { log, signal, everyMs: workspaceSweepMs, what: 'sweeping workspaces' },
      async () => {
        if (!settings.runner.keep_workspaces) await sweepWorkspaces(options, signal)
        await sweepHomes(options, signal)
        await sweepLayers(options)
      },
    ),
  ]
  return {
    async close() {
      closing.abort()
      unsubscribe()
      await Promise.all(loops)
      await Promise.all(running)
    },
  }
}
