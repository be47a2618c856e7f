import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { baseEnvironment } from './base-environment.ts'

export interface RunOptions {
  cwd?: string
  /** The whole environment, except PATH: nothing of the developer's settings gets in. */
  env?: Record<string, string>
  input?: string
  timeoutMs?: number
}

export interface RunResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a program to its end, whichever end that is. */
export async function tryRun(
  command: string,
  args: readonly string[],
  { cwd, env = {}, input, timeoutMs = 90_000 }: RunOptions = {},
): Promise<RunResult> {
  const child = spawn(command, args, {
    cwd,
    env: { ...baseEnvironment, LANG: 'C.UTF-8', ...env },
    signal: AbortSignal.timeout(timeoutMs),
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // A program that reads nothing closes its input early; that is its right.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

/** Runs a program that has to succeed and gives what it printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryRun(command, args, options)
  if (code === 0) return stdout
  throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stderr || stdout}`)
}
