import { SessionFailed } from '../failures.ts'
import type { Run } from '../run/run.ts'
import type { SessionHooks } from './session-hooks.ts'

/**
 * Runs the hooks of a session's beginning, its work, and the hooks of its end. Work that is put away neither
 * ends nor begins anew: who takes it up again goes on with the same session. When the session's time is nearly
 * over, its last seconds are for those of its end; when it is cancelled its sandbox is gone, and no hook is run any more.
 */
export async function aroundWork<T>(
  run: Run,
  hooks: SessionHooks,
  { isReopened }: { isReopened: boolean },
  work: () => Promise<T | 'put_away'>,
): Promise<T | 'put_away'> {
  let hasEnded = false
  async function end(reason: 'complete' | 'error' | 'timeout'): Promise<void> {
    if (hasEnded) return
    hasEnded = true
    run.lastDeed = undefined
    await hooks.fire('sessionEnd', { reason })
  }
  if (hooks.has('sessionEnd')) {
    run.lastDeed = () =>
      end('timeout').catch((error: unknown) => {
        // Out of time as well: that is the end they were to hear of.
        if (!run.signal.aborted) run.context.log.error({ err: error }, 'a hook could not be run')
      })
  }
  if (!isReopened) await begin(run, hooks)
  try {
    const worked = await work()
    if (worked !== 'put_away') await end('complete')
    return worked
  } catch (error) {
    if (!run.signal.aborted && error instanceof SessionFailed) {
      const { name, message } = error
      const details = { name, message: run.mask.text(message) }
      await hooks.fire('errorOccurred', {
        error: details,
        errorContext: error.failure === 'model_failed' ? 'model_call' : 'system',
        recoverable: false,
      })
      await end('error')
    }
    throw error
  }
}

async function begin({ lease }: Run, hooks: SessionHooks): Promise<void> {
  const { number, prompt } = lease.session
  const source = number === 1 ? 'new' : 'resume'
  await hooks.fire('sessionStart', { source, initialPrompt: prompt })
  await hooks.fire('userPromptSubmitted', { prompt })
}
