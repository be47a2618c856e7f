import { spawn } from 'node:child_process'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'

export interface GitOptions {
  /** The repository worked on; the command's folder when left out. */
  cwd?: string
  environment: Environment
  /** Configuration for this call alone. It goes by the environment, where secrets are not listed. */
  config?: Readonly<Record<string, string>>
  signal: AbortSignal
  /** What git says of its progress, as it comes. */
  onProgress?: (text: string) => void
}

/** How much of what git says is kept for a message. */
const keptBytes = 4000

/** Runs git and returns its output. Throws `UserError` with the end of what git said. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<string> {
  const child = spawn('git', [...args], {
    cwd: options.cwd,
    env: { ...options.environment, LC_ALL: 'C', ...configVariables(options.config ?? {}) },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
  })
  let output = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-keptBytes)
    options.onProgress?.(text)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(options.signal.aborted ? options.signal.reason : error))
    child.on('close', resolve)
  })
  if (code === 0) return output
  options.signal.throwIfAborted()
  throw new UserError(`git ${args[0] ?? ''} failed: ${lastSentence(said)}`)
}

/** https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT */
function configVariables(config: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(config)
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(entries.length)],
    ...entries.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ])
}

/** git's own reason stands on the lines that begin with fatal or error. */
function lastSentence(said: string): string {
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  const reasons = lines.filter((line) => /^(fatal|error|remote|ERROR| !)/.test(line))
  return (reasons.length > 0 ? reasons.slice(-4) : lines.slice(-2)).join(' ').trim()
}
