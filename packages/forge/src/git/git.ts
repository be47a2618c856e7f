import { spawn } from 'node:child_process'

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
  onStderr?: (text: string) => void
}

/** git ended with a code other than 0, or was ended. */
export class GitFailed extends Error {
  readonly code: number | null
  readonly stderr: string

  constructor(command: string, code: number | null, stderr: string) {
    super(
      `git ${command} ended with ${code ?? 'a signal'}: ${stderr.split('\n').slice(-20).join('\n').trim()}`,
    )
    this.name = 'GitFailed'
    this.code = code
    this.stderr = stderr
  }
}

/** No configuration but the repository's own, no prompt, no hook. */
export const gitEnvironment: Record<string, string> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'core.hooksPath',
  GIT_CONFIG_VALUE_0: '/dev/null',
  // The repositories are ours, whoever the server runs as.
  GIT_CONFIG_KEY_1: 'safe.directory',
  GIT_CONFIG_VALUE_1: '*',
}

/** Runs git, without a shell. Resolves with its output; `GitFailed` when it ends otherwise than 0. */
export async function git(args: string[], options: GitOptions = {}): Promise<Buffer> {
  const where = options.gitDir === undefined ? [] : ['--git-dir', options.gitDir]
  const child = spawn('git', [...where, ...args], {
    env: { ...gitEnvironment, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const limit = options.limitBytes ?? 64 * 1024 * 1024
  const chunks: Buffer[] = []
  let size = 0
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) child.kill('SIGKILL')
    else chunks.push(chunk)
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
  if (size > limit) throw new GitFailed(args[0] ?? '', null, `more than ${limit} bytes of output`)
  if (code !== 0) throw new GitFailed(args[0] ?? '', code, stderr)
  return Buffer.concat(chunks)
}

/** As `git`, for output that is text; without the line break at its end. */
export async function gitText(args: string[], options: GitOptions = {}): Promise<string> {
  return (await git(args, options)).toString('utf8').replace(/\n$/, '')
}

/** As `gitText`; undefined when git says no, by exit code 1 or 128. */
export async function gitMaybe(
  args: string[],
  options: GitOptions = {},
): Promise<string | undefined> {
  try {
    return await gitText(args, options)
  } catch (error) {
    if (error instanceof GitFailed && error.code !== null) return undefined
    throw error
  }
}
