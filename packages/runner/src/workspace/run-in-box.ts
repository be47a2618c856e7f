import type { Box, RunOptions } from '../box/index.ts'
import { type FailureName, SessionFailed } from '../failures.ts'
import { requireWithinLimits } from '../agent/exit.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'

/**
 * Runs a command of ours in the session's box and gives what it printed.
 *
 * @throws SessionFailed `failure` with the last lines of stderr, or the limit that was hit
 */
export async function runInBox(
  run: Run,
  box: Box,
  [command, ...args]: [string, ...string[]],
  options: { failure: FailureName; what: string; maxOutputBytes?: number } & Pick<
    RunOptions,
    'timeoutMs' | 'input' | 'env'
  >,
): Promise<Buffer> {
  const { failure, what, maxOutputBytes = 1024 * 1024, ...rest } = options
  const result = await box.run(command, args, { ...rest, maxOutputBytes })
  run.signal.throwIfAborted()
  if (result.reason === 'wall_clock') {
    const minutes = Math.round(options.timeoutMs / 60_000)
    throw new SessionFailed(failure, `${what}: it took longer than ${minutes} minutes`)
  }
  requireWithinLimits(result, run.context.settings.sandbox)
  if (result.code === 0) return result.stdout
  const said = printable(result.stderr.toString('utf8')).trim().split('\n').slice(-20).join('\n')
  throw new SessionFailed(failure, `${what}: ${said || `it ended with code ${result.code}`}`)
}
