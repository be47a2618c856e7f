import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScriptPrompt } from './parse-prompt.ts'

export interface ScriptResult {
  /** Undefined when a signal ended it. */
  code?: number
  /** The end of what it printed, on both streams. */
  tail: string
}

/** How much of the end of the output is kept for a message. */
const tailLength = 4000

/**
 * Runs a script in the present folder. Its output is handed on as it comes; `signal` ends it with
 * everything it started.
 *
 * @throws the error of spawn when the interpreter is not there.
 */
export async function runScript(
  prompt: ScriptPrompt,
  options: {
    env: Record<string, string | undefined>
    signal: AbortSignal
    onOutput: (text: string) => void
  },
): Promise<ScriptResult> {
  const folder = await mkdtemp(join(tmpdir(), 'script-'))
  try {
    const file = join(folder, 'script')
    await writeFile(file, prompt.script, { mode: 0o700 })
    return await spawnScript([...prompt.interpreter, file], options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function spawnScript(
  command: string[],
  options: Parameters<typeof runScript>[1],
): Promise<ScriptResult> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, to be ended as a whole.
    detached: true,
  })
  const stop = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch (error) {
      // It has ended by itself in this moment.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  options.signal.addEventListener('abort', stop, { once: true })
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-tailLength)
      options.onOutput(text)
    })
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { tail, ...(code === null ? {} : { code }) }
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}
