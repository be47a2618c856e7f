import type { EventData, NewEvent, Settings } from '@errand/contract'
import { type Encryption, type Lease, type Log, recordEvents, type Store } from '@errand/core'

import type { BuiltinPrograms } from '../agent/descriptor.ts'
import { RunStopped } from '../failures.ts'
import type { ForgeClient } from '../forge-client.ts'
import { openEventMask } from '../redaction/mask-events.ts'
import { createSecretMask, type SecretMask } from '../redaction/secret-mask.ts'
import { holdLease } from './hold-lease.ts'
import { openRecorder, type Recorder } from './recorder.ts'
import { pushMinutes, type RunClock, startRunClock } from './run-clock.ts'
import { openSessionForge, type RunnerForge } from './session-forge.ts'

/** What every run of this runner works with. */
export interface RunnerContext {
  store: Store
  log: Log
  settings: Settings
  /** Opens what is stored and secret. */
  encryption: Encryption
  /** Where mirrors and workspaces are kept. */
  dataDir: string
  forge: RunnerForge
  programs: BuiltinPrograms
  /** The value of an environment variable that holds a secret, like a model's key. */
  secrets: (envName: string) => string | undefined
}

/** A leased session being worked on: what every step of it works with. */
export interface Run extends AsyncDisposable {
  context: RunnerContext
  lease: Lease
  /** With the token this session's work is done with. */
  forge: ForgeClient
  /** Aborts with a `RunStopped` when the run must stop and change nothing more. */
  signal: AbortSignal
  clock: RunClock
  /** Takes the session's secrets out of whatever of it is told; of what is recorded they are out already. */
  mask: SecretMask
  recorder: Recorder
  /** Stores an event, and all before it. */
  record(event: NewEvent): Promise<void>
  /** Stores a line of the session's log, for its reader. */
  say(message: string, level?: EventData['session.log']['level']): Promise<void>
  stop: (reason: RunStopped) => void
  /**
   * What is done in the box when the session's time is nearly over: the last seconds of it are for that alone, and
   * when it is done the run is stopped. Must not throw. Undefined: nothing, and the time is used to its end.
   */
  lastDeed: (() => Promise<void>) | undefined
  /** The session has ended or its lease was given up: from here on nothing is written. */
  letGo(): void
}

/** Holds a lease's session until it is disposed of. `closing` aborts when the runner is to stop. */
export function openRun(context: RunnerContext, lease: Lease, closing: AbortSignal): Run {
  const { store, settings } = context
  const held = holdLease(store, lease, settings.sessions.lease_seconds)
  const stopInTime = (): void => held.stop(new RunStopped('timed_out'))
  const clock = startRunClock(allowedMs(lease), stopInTime, () => {
    void run.lastDeed?.().then(stopInTime)
  })
  const mask = createSecretMask()
  const recorder = openRecorder(
    (events) => recordEvents(store, lease, events),
    (error) => held.stop(new RunStopped('lease_lost', error)),
    openEventMask(mask),
  )
  const onClosing = (): void => held.stop(new RunStopped('closing'))
  closing.addEventListener('abort', onClosing)
  if (closing.aborted) onClosing()

  async function record(event: NewEvent): Promise<void> {
    held.signal.throwIfAborted()
    recorder.add(event)
    await recorder.flush()
  }
  function letGo(): void {
    held.letGo()
    clock.stop()
    recorder.close()
    closing.removeEventListener('abort', onClosing)
  }
  const run: Run = {
    context,
    lease,
    forge: openSessionForge(context, lease),
    signal: held.signal,
    clock,
    mask,
    recorder,
    record,
    say: (message, level = 'info') => record({ type: 'session.log', data: { level, message } }),
    stop: held.stop,
    lastDeed: undefined,
    letGo,
    [Symbol.asyncDispose]: () => Promise.resolve(letGo()),
  }
  return run
}

/** What is left of the session's time: its waits for the user do not count. By the store's clock. */
function allowedMs({ session }: Lease): number {
  if (session.end_after_push !== null) return pushMinutes * 60_000
  const { started_at: startedAt, updated_at: leasedAt } = session
  const passedMs = startedAt === null ? 0 : leasedAt.getTime() - startedAt.getTime()
  return (session.timeout_seconds + session.waited_seconds) * 1000 - passedMs
}
