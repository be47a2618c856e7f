import { type ChildProcess, spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import { backgroundPriority } from '../../box/inside/precedence.ts'
import type { Answers, Task } from './tasks.ts'

/**
 * A process for what hostile bytes could make slow or large. It is ended with what it was at, never waited for. No
 * thread: one that runs out of memory can take the whole runner with it.
 */
export interface Analysis extends AsyncDisposable {
  /** @throws AnalysisFailed when it takes too long, or too much memory; the next task begins with a new process */
  ask<T extends Task>(task: T): Promise<Answers[T['type']]>
}

/** The analysis did not come to its end. The message is a part of a sentence for users. */
export class AnalysisFailed extends Error {
  override name = 'AnalysisFailed'
}

/** Sources run as they are; a published package holds them compiled. */
const file = import.meta.url.endsWith('.ts') ? 'analyst.ts' : 'analyst.js'
const program = fileURLToPath(new URL(file, import.meta.url))

export interface AnalysisLimits {
  /** For one task. */
  timeoutMs: number
  memoryMb: number
}
const defaults: AnalysisLimits = { timeoutMs: 120_000, memoryMb: 768 }

export function openAnalysis(signal: AbortSignal, limits: AnalysisLimits = defaults): Analysis {
  let child: ChildProcess | undefined

  function end(): void {
    child?.kill('SIGKILL')
    child = undefined
  }

  return {
    async ask(task) {
      signal.throwIfAborted()
      child ??= start(limits)
      try {
        const answer = await askChild(child, task, limits, signal)
        return answer as Answers[(typeof task)['type']] // of the task's type: see analyst.ts
      } catch (error) {
        end()
        throw error
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(end()),
  }
}

/**
 * It dies with the runner, stands behind it, whose leases have to be kept meanwhile, knows nothing of its environment
 * but where compiled code is kept, and prints nowhere: that could be the agent's words.
 */
function start({ memoryMb }: AnalysisLimits): ChildProcess {
  const node = [process.execPath, `--max-old-space-size=${memoryMb}`, program]
  const behind = ['nice', '-n', String(backgroundPriority)]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...behind, ...node], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...keptCompiled() },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  // Between two tasks nobody listens, and an error without a listener would end the runner.
  return child.on('error', () => undefined)
}

/** Where the runner keeps what Node compiles, so does it: each session starts one. */
function keptCompiled(): Record<string, string> {
  const folder = getCompileCacheDir()
  // Node names its own folder in the one that it was told of.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}

async function askChild(
  child: ChildProcess,
  task: Task,
  { timeoutMs }: AnalysisLimits,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = Promise.withResolvers<unknown>()
  const seconds = Math.round(timeoutMs / 1000)
  const fail = (why: string, cause?: unknown): void =>
    answer.reject(new AnalysisFailed(why, { cause }))
  const timer = setTimeout(() => fail(`it took longer than ${seconds} seconds`), timeoutMs)
  const onMessage = (said: unknown): void => {
    const { result, failed } = said as { result?: unknown; failed?: string } // of analyst.ts
    if (failed === undefined) answer.resolve(result)
    else fail('it could not be read', failed)
  }
  const onGone = (cause: unknown): void => fail('it took too much memory', cause)
  const onAbort = (): void => answer.reject(signal.reason)
  child.once('message', onMessage).once('exit', onGone).once('error', onGone)
  signal.addEventListener('abort', onAbort)
  try {
    child.send(task, (error) => error && onGone(error))
    return await answer.promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    child.off('message', onMessage).off('exit', onGone).off('error', onGone)
  }
}
