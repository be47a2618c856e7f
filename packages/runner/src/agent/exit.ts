import type { SandboxSettings } from '@errand/contract'

import type { Exit } from '../box/index.ts'
import { RunStopped, SessionFailed } from '../failures.ts'

/**
 * Lets a program's end pass unless Errand ended it for going over a limit.
 *
 * @throws SessionFailed out_of_memory, out_of_disk, out_of_output
 * @throws RunStopped timed_out
 */
export function requireWithinLimits(exit: Exit, settings: SandboxSettings): void {
  switch (exit.reason) {
    case 'memory': {
      const message = `What ran in the sandbox took more than ${settings.memory_mb} MB of memory.`
      throw new SessionFailed('out_of_memory', message)
    }
    case 'disk': {
      const message = `The workspace and the agent's home grew over ${settings.workspace_mb} MB, or the runner's disk is almost full.`
      throw new SessionFailed('out_of_disk', message)
    }
    case 'output': {
      const message = `The agent printed and reported more than ${settings.output_mb} MB.`
      throw new SessionFailed('out_of_output', message)
    }
    case 'wall_clock':
      throw new RunStopped('timed_out')
    case 'closed':
    case undefined:
  }
}
