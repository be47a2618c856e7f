import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

export interface GroupOptions {
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** Ends the program and everything in its process group. */
  signal: AbortSignal
  timeoutMs?: number
  /** Called with each piece of what it prints, on both streams. It is not read on before this resolves. */
  onOutput: (text: string) => void | Promise<void>
}

/** How a program ended. `code` is absent when a signal ended it. */
export interface GroupEnd {
  code?: number
  timedOut: boolean
}

/** How long output is waited for after the program has ended; something it started may keep it open. */
const lingerMs = 1000

/**
 * Runs a program in a process group of its own. What it left behind in the group ends with it.
 *
 * @throws the error of spawn (its `code` says ENOENT or EACCES) when the program cannot be started
 */
export async function runGroup(
  [program, ...args]: readonly [string, ...string[]],
  options: GroupOptions,
): Promise<GroupEnd> {
  options.signal.throwIfAborted()
  const { cwd, env } = options
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const kill = () => killGroup(child)
  options.signal.addEventListener('abort', kill, { once: true })
  let timedOut = false
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          kill()
        }, options.timeoutMs)
  try {
    const read = Promise.all([
      readOutput(child.stdout, options.onOutput),
      readOutput(child.stderr, options.onOutput),
    ])
    const code = await exitOf(child)
    kill()
    await endOutput(child, read)
    return { timedOut, ...(code === null ? {} : { code }) }
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', kill)
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // The whole group has ended by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function readOutput(stream: Readable, onOutput: GroupOptions['onOutput']): Promise<void> {
  stream.setEncoding('utf8')
  try {
    // With an encoding set, a stream gives strings.
    for await (const text of stream as AsyncIterable<string>) await onOutput(text)
  } catch (error) {
    // Destroyed by endOutput, below.
    if (!stream.destroyed) throw error
  }
}

/** A daemon outside of the group may hold the output open for ever. */
async function endOutput(child: ChildProcess, read: Promise<unknown>): Promise<void> {
  const patience = new AbortController()
  const late = delay(lingerMs, undefined, { signal: patience.signal }).then(
    () => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
    () => undefined,
  )
  try {
    await Promise.race([read, late])
    await read
  } finally {
    patience.abort()
  }
}
