import { spawn } from 'node:child_process'
import { type ConfigEntry, gitEnvironment } from './environment.ts'

export interface GitOptions {
  /** The bare repository; absent for commands that need none. */
  gitDir?: string
  input?: string | Buffer
  /** Most bytes of output taken; more ends the command. Default 64 MiB. */
  limitBytes?: number
  /** Default one minute. */
  timeoutMs?: number
  signal?: AbortSignal
  env?: Record<string, string>
  /** Settings for this command. */
  config?: ConfigEntry[]
  onStderr?: (text: string) => void
}

/** git ended with a code other than 0, or was ended. */
export class GitFailed extends Error {
  /** Null when it was ended. */
  readonly code: number | null
  readonly stderr: string

  constructor(command: string, code: number | null, stderr: string) {
    // A URL may hold a password.
    const words = stderr.replace(/:\/\/[^/\s@]*@/g, '://').trim()
    const end = code === null ? 'was ended' : `ended with ${code}`
    super(`git ${command} ${end}: ${words.split('\n').slice(-20).join('\n')}`)
    this.name = 'GitFailed'
    this.code = code
    this.stderr = words
  }
}

/** git wrote more than was to be taken. */
export class GitOutputTooLarge extends GitFailed {
  constructor(command: string, limitBytes: number) {
    super(command, null, `more than ${limitBytes} bytes of output`)
    this.name = 'GitOutputTooLarge'
  }
}

/**
 * Runs git, without a shell. Resolves with its output.
 *
 * @throws GitFailed when it ends otherwise than with 0, GitOutputTooLarge, or the signal's reason.
 */
export async function git(args: string[], options: GitOptions = {}): Promise<Buffer> {
  const run = await runGit(args, options)
  if (run.isCut) throw new GitOutputTooLarge(args[0] ?? '', limitOf(options))
  return run.output
}

/** As `git`, but output beyond the limit is left away: `isCut` tells. */
export async function runGit(
  args: string[],
  options: GitOptions = {},
): Promise<{ output: Buffer; isCut: boolean }> {
  options.signal?.throwIfAborted()
  const where = options.gitDir === undefined ? [] : ['--git-dir', options.gitDir]
  const child = spawn('git', [...where, ...args], {
    env: gitEnvironment(options.config, options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    // git takes its lock files away when it is asked to end; killed, it would leave them.
    killSignal: 'SIGTERM',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const limit = limitOf(options)
  const chunks: Buffer[] = []
  let size = 0
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size))
    size += chunk.length
    if (size > limit) child.kill('SIGTERM')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8192)
    options.onStderr?.(text)
  })
  // git may end before it has read its input; its exit code then says why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const isCut = size > limit
  if (code !== 0 && !isCut) throw new GitFailed(args[0] ?? '', code, stderr)
  return { output: Buffer.concat(chunks), isCut }
}

function limitOf(options: GitOptions): number {
  return options.limitBytes ?? 64 * 1024 * 1024
}

/** As `git`, for output that is text; without the line break at its end. */
export async function gitText(args: string[], options: GitOptions = {}): Promise<string> {
  return (await git(args, options)).toString('utf8').replace(/\n$/, '')
}

/** As `gitText`; undefined when git ended with one of `codes`, which are its way to say no. */
export async function gitMaybe(
  args: string[],
  options: GitOptions = {},
  codes: readonly number[] = [1],
): Promise<string | undefined> {
  try {
    return await gitText(args, options)
  } catch (error) {
    if (error instanceof GitFailed && error.code !== null && codes.includes(error.code)) {
      return undefined
    }
    throw error
  }
}
