import { type ChildProcess, spawn } from 'node:child_process'
import type { FileHandle } from 'node:fs/promises'

import type { FileLock } from '../file-lock.ts'

export interface GitOptions {
  /** The repository: always a bare one of ours, never a checkout an agent has touched. */
  gitDir?: string
  cwd?: string
  signal: AbortSignal
  /** Default ten minutes. */
  timeoutMs?: number
  input?: string
  /** A file to read instead of `input`. */
  inputFile?: FileHandle
  /** Most bytes of output taken; more ends the command. Default 64 MiB. */
  limitBytes?: number
  /** Configuration for this command, over `baseConfig`. Goes in by the environment: no argument shows it. */
  config?: readonly ConfigEntry[]
  env?: Readonly<Record<string, string>>
  /** Kept by the command too: another runner waits for it even when this one is killed. */
  lock?: FileLock
  /** A command to run git under, like one that sets limits. */
  under?: readonly string[]
}

export type ConfigEntry = readonly [key: string, value: string]

/** git ended with a code other than 0, or was ended. `stderr` is its last 20 lines. */
export class GitFailed extends Error {
  readonly command: string
  readonly code: number | null
  readonly stderr: string

  constructor(command: string, code: number | null, stderr: string) {
    super(`git ${command} ended with ${code ?? 'a signal'}: ${stderr}`)
    this.name = 'GitFailed'
    this.command = command
    this.code = code
    this.stderr = stderr
  }
}

/** Neither the machine's nor anybody's own configuration, no hook, no prompt, no transport but those named. */
const baseConfig: readonly ConfigEntry[] = [
  ['core.hooksPath', '/dev/null'],
  // The repositories are ours, whoever the runner runs as.
  ['safe.directory', '*'],
  // Objects are never thrown away: workspaces borrow them.
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['protocol.allow', 'never'],
  ['submodule.recurse', 'false'],
  ['advice.detachedHead', 'false'],
]

function environmentOf(config: readonly ConfigEntry[]): Record<string, string> {
  const entries = [...baseConfig, ...config]
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
  }
}

/**
 * git's own helpers (remote-http, pack-objects) would outlive a runner that is killed, and a push of
 * theirs could still arrive. In a process namespace of its own all of it ends with its first process.
 */
const ownProcesses: readonly string[] = [
  'unshare',
  // Who is not root may make one only together with a user namespace.
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-current-user']),
  '--pid',
  '--fork',
  '--kill-child=KILL',
  '--',
]

/**
 * Runs git, without a shell, and gives what it printed. It dies with the runner, and so do its helpers.
 *
 * @throws GitFailed when it ends otherwise than 0
 * @throws the signal's reason when that aborts
 */
export async function git(args: readonly string[], options: GitOptions): Promise<Buffer> {
  options.signal.throwIfAborted()
  const where = options.gitDir === undefined ? [] : ['--git-dir', options.gitDir]
  const command = [...(options.under ?? []), 'git', ...where, ...args]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...ownProcesses, ...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...environmentOf(options.config ?? []), ...options.env },
    stdio: [
      options.inputFile?.fd ?? 'pipe',
      'pipe',
      'pipe',
      ...(options.lock === undefined ? [] : [options.lock.fd]),
    ],
    // A group of its own, so that its helpers can be ended with it.
    detached: true,
  })
  const end = (): void => endGroup(child.pid)
  const timer = setTimeout(end, options.timeoutMs ?? 10 * 60_000)
  options.signal.addEventListener('abort', end)
  try {
    return await collect(child, args[0] ?? '', options, end)
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', end)
  }
}

async function collect(
  child: ChildProcess,
  subcommand: string,
  { signal, input, limitBytes = 64 * 1024 * 1024 }: GitOptions,
  end: () => void,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limitBytes) end()
    else chunks.push(chunk)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8192)
  })
  // git may end before it has read its input; its exit code then says why.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  signal.throwIfAborted()
  if (size > limitBytes) throw new GitFailed(subcommand, null, `more than ${limitBytes} bytes`)
  if (code !== 0) throw new GitFailed(subcommand, code, lastLines(stderr))
  return Buffer.concat(chunks)
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-20).join('\n')
}

/** As `git`, for output that is text; without the line break at its end. */
export async function gitText(args: readonly string[], options: GitOptions): Promise<string> {
  return (await git(args, options)).toString('utf8').replace(/\n$/, '')
}

/** As `gitText`; undefined where git says no by its exit code. */
export async function gitMaybe(
  args: readonly string[],
  options: GitOptions,
): Promise<string | undefined> {
  try {
    return await gitText(args, options)
  } catch (error) {
    if (error instanceof GitFailed && error.code !== null) return undefined
    throw error
  }
}
