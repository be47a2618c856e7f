import { watchRepetition } from './agent/repetition.ts'
import { fingerprintFiles } from './box/disk-usage.ts'
import { SessionFailed } from './failures.ts'
import type { Run } from './run/run.ts'

/** Whether an agent gets anywhere. */
export interface Progress {
  /** Takes one `session/update`. Never throws. */
  note(update: unknown): void
  /** A turn is over: what was done in it does not count in the next. */
  clear(): void
  /** Rejects with SessionFailed no_progress where the agent only repeats itself. Never resolves. */
  whenStuck: Promise<never>
}

/**
 * Repeating itself is no progress as long as no file of the workspace changes: the tree is looked at as the first
 * repetition is seen, and once more at the last. The rule is docs/agents.md's.
 *
 * @param workspaceDir The checkout: only names, sizes and times of it are looked at.
 */
export function watchProgress(run: Run, workspaceDir: string): Progress {
  const limit = run.context.settings.sessions.max_repetitions
  const stuck = Promise.withResolvers<never>()
  // Whoever races against it hears of it; it may come when nobody does any more.
  stuck.promise.catch(() => undefined)
  if (limit === 0) {
    return { note: () => undefined, clear: () => undefined, whenStuck: stuck.promise }
  }
  // By how many calls are repeated: as the files were when that began.
  const before = new Map<number, Promise<string | undefined>>()
  let looking: Promise<string | undefined> | undefined
  const repetition = watchRepetition({
    limit,
    onRepeated({ times, calls }) {
      if (times === 2) before.set(calls, lookOnce())
      if (times === limit) void judge(calls)
    },
  })

  async function look(): Promise<string | undefined> {
    try {
      return await fingerprintFiles(workspaceDir, run.signal)
    } catch (error) {
      if (!run.signal.aborted) run.context.log.warn({ err: error }, 'files could not be looked at')
      return undefined
    }
  }

  /** One look at a time, however often an agent begins to repeat itself. */
  function lookOnce(): Promise<string | undefined> {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function judge(calls: number): Promise<void> {
    const [was, is] = await Promise.all([before.get(calls), look()])
    if (was === undefined || was !== is) {
      repetition.clear()
      return
    }
    const what = calls === 1 ? 'the same call' : `the same ${calls} calls`
    const message = `The agent made ${what} ${limit} times in a row, with the same result, and changed no file meanwhile, so it was stopped.`
    stuck.reject(new SessionFailed('no_progress', message))
  }

  return { ...repetition, whenStuck: stuck.promise }
}
