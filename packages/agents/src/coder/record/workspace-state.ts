import { createHash } from 'node:crypto'
import { keepEnds } from '../../process/keep-ends.ts'
import { runGroup } from '../../process/run-group.ts'

/** Where git is asked, as the commands of the coder are run: inside the box. */
export interface Checkout {
  workspace: string
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}

const timeoutMs = 30_000
/** No program that the repository's configuration names is started for a diff. */
const plainDiff = ['diff', '--no-ext-diff', '--no-textconv', '--no-color']

/** The commit that is checked out; undefined where there is none. */
export async function readCommit(checkout: Checkout): Promise<string | undefined> {
  const output = keepEnds(200)
  const isDone = await git(checkout, ['rev-parse', '--verify', '--quiet', 'HEAD'], output.add)
  return isDone ? output.text().trim() : undefined
}

/** A hash of what the tracked files hold. Undefined where git cannot say it. */
export async function readState(checkout: Checkout): Promise<string | undefined> {
  const hash = createHash('sha256')
  const isDone = await git(
    checkout,
    [...plainDiff, '--binary', 'HEAD'],
    (text) => void hash.update(text),
  )
  return isDone ? hash.digest('hex') : undefined
}

/** What was changed since a commit, as a diff of at most about `limit` characters, with the names of new files. */
export async function readChange(
  checkout: Checkout,
  commit: string | null,
  limit: number,
): Promise<string> {
  const diff = keepEnds(limit)
  const added = keepEnds(Math.floor(limit / 4))
  const isDone = await git(checkout, [...plainDiff, commit ?? 'HEAD'], diff.add)
  const isListed = await git(checkout, ['ls-files', '--others', '--exclude-standard'], added.add)
  if (!isDone || !isListed) return '(git could not say. Look at the files.)'
  const names = added.text().trim()
  const parts = [diff.text().trim(), names === '' ? '' : `New files, not in the diff:\n${names}`]
  return parts.filter((part) => part !== '').join('\n\n') || '(Nothing is changed.)'
}

async function git(
  { workspace, env, signal }: Checkout,
  args: string[],
  onOutput: (text: string) => void,
): Promise<boolean> {
  try {
    const options = { cwd: workspace, env, signal, timeoutMs, onOutput }
    const { code } = await runGroup(['git', ...args], options)
    signal.throwIfAborted()
    return code === 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
