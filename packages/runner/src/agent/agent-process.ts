import { setTimeout as delay } from 'node:timers/promises'

import { type Box, type BoxedProcess, type Exit, SandboxTooWeak } from '../box/index.ts'
import { SessionFailed } from '../failures.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import { requireWithinLimits } from './exit.ts'
import type { AgentLaunch } from './launch.ts'

/** The agent's program in its box. */
export interface AgentProcess {
  boxed: BoxedProcess
  /** Ends it, and resolves when it and all it started is dead. */
  end(): Promise<void>
  /** What its end has to say, once it has ended or can be expected to. Never resolves to nothing. */
  explainEnd(): Promise<Error>
}

/** Kept of what it prints on stderr, to say how it ended. */
const keptCharacters = 8192
const keptLines = 20

/** How long after its streams have closed the end of a program is waited for. */
const lingerMs = 3000

/** @throws SessionFailed sandbox_too_weak */
export async function spawnAgent(run: Run, box: Box, launch: AgentLaunch): Promise<AgentProcess> {
  const boxed = await spawn(box, launch)
  let stderr = ''
  let held = ''
  boxed.stderr.setEncoding('utf8').on('data', (text: string) => {
    // Before it is cut short: half of a secret is none to be found.
    const begun = run.mask.begin(held + text)
    held = begun.held
    stderr = (stderr + begun.sure).slice(-keptCharacters)
  })
  boxed.stderr.on('error', () => undefined)
  return {
    boxed,
    async end() {
      boxed.kill('SIGKILL')
      await boxed.exited
    },
    async explainEnd() {
      const exit = await Promise.race([boxed.exited, delay(lingerMs, undefined)])
      if (exit === undefined) {
        boxed.kill('SIGKILL')
        await boxed.exited
      }
      run.signal.throwIfAborted()
      const lines = printable(stderr + held)
        .trim()
        .split('\n')
        .slice(-keptLines)
        .join('\n')
      return explain(run, launch, exit, lines)
    },
  }
}

async function spawn(box: Box, { command, args, env }: AgentLaunch): Promise<BoxedProcess> {
  try {
    return await box.spawnAgent(command, args, env)
  } catch (error) {
    if (error instanceof SandboxTooWeak) {
      throw new SessionFailed('sandbox_too_weak', error.message, error)
    }
    throw error
  }
}

function explain(
  run: Run,
  { name, command }: AgentLaunch,
  exit: Exit | undefined,
  lastLines: string,
): Error {
  if (exit === undefined) return crashed(name, 'closed its output', lastLines)
  try {
    requireWithinLimits(exit, run.context.settings.sandbox)
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  if (exit.error !== undefined) {
    const reason = exit.error === 'ENOENT' ? 'it is not there' : exit.error
    const message = `The agent ${name} is not installed: ${command} could not be started in the sandbox (${reason}).`
    return new SessionFailed('agent_not_installed', message)
  }
  const how = exit.signal === undefined ? `exit code ${exit.code ?? 1}` : `signal ${exit.signal}`
  return crashed(name, `ended with ${how}`, lastLines)
}

function crashed(name: string, how: string, lastLines: string): SessionFailed {
  const said = lastLines === '' ? 'It said nothing on its way.' : `Its last words:\n${lastLines}`
  return new SessionFailed(
    'agent_crashed',
    `The agent ${name} ${how} before its turn was over. ${said}`,
  )
}
