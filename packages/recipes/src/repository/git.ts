import { spawn } from 'node:child_process'
import { RecipeError } from '../recipe-error.ts'

export interface GitOptions {
  cwd: string
  signal: AbortSignal
  input?: string
}

/** Most that one command of git may say, in bytes. */
const outputLimitBytes = 256 * 1024 * 1024

/** A repository's own configuration starts no program by us: no hook, no monitor, no pager. */
const safeConfig = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'log.showSignature=false']

/**
 * Runs git and gives what it printed.
 *
 * @throws RecipeError with git's own words when it fails
 */
export async function git(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { cwd, signal, input } = options
  signal.throwIfAborted()
  const config = safeConfig.flatMap((entry) => ['-c', entry])
  const child = spawn('git', ['--no-pager', '--literal-pathspecs', ...config, ...args], {
    cwd,
    signal,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const printed: Buffer[] = []
  let sizeBytes = 0
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > outputLimitBytes) child.kill('SIGKILL')
    else printed.push(chunk)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)))
  // git may end before it has read everything; its exit code says what became of it.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (sizeBytes > outputLimitBytes) throw new RecipeError(`git ${args[0]} says too much to read.`)
  if (code !== 0)
    throw new RecipeError(`git ${args[0]} failed: ${said.trim() || `exit code ${code}`}`)
  return Buffer.concat(printed)
}

export async function gitText(args: readonly string[], options: GitOptions): Promise<string> {
  return (await git(args, options)).toString('utf8').trimEnd()
}

/** Undefined where git fails, for questions whose answer may be no. */
export async function gitMaybe(
  args: readonly string[],
  options: GitOptions,
): Promise<string | undefined> {
  try {
    return await gitText(args, options)
  } catch (error) {
    if (error instanceof RecipeError) return undefined
    throw error
  }
}
