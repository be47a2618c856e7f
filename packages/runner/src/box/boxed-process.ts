import type { SandboxSettings } from '@errand/contract'

import type { PreparedLaunch } from './agent-launch.ts'
import type { BoxedProcess, Exit } from './box.ts'
import { guardOutput } from './output-guard.ts'
import type { Supervision } from './supervise.ts'

/** The agent in its sandbox, from the moment the launcher is told to start it. */
export function watchProcess(
  settings: SandboxSettings,
  prepared: PreparedLaunch,
  supervision: Supervision,
): BoxedProcess {
  const { launch } = prepared
  let isOverOutput = false
  const output = guardOutput(settings.output_mb * 1024 * 1024, () => {
    isOverOutput = true
    launch.kill()
  })
  return {
    stdin: launch.stdin,
    stdout: output.watch(launch.stdout),
    stderr: output.watch(launch.stderr),
    exited: launch.ended.then(async () => {
      const reason = isOverOutput ? 'output' : supervision.reason
      if (reason !== undefined) return { signal: 'SIGKILL', reason }
      return presentLastWord(await prepared.lastWord)
    }),
    kill(signal = 'SIGTERM') {
      if (signal === 'SIGKILL') launch.kill()
      else prepared.send({ type: 'kill', signal })
    },
  }
}

/** The shell's code for a command that could not be started. */
const notStarted = 127

function presentLastWord(word: Awaited<PreparedLaunch['lastWord']>): Exit {
  // The agent, or the kernel for want of memory, killed the launcher.
  if (word === undefined) return { signal: 'SIGKILL' }
  if (word.type === 'not_started') return { code: notStarted, error: word.code.slice(0, 20) }
  const { code, signal } = word
  return signal === null ? { code: code ?? 1 } : { signal }
}
