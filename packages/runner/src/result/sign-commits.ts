import { gitText } from '../git/git.ts'
import type { Author } from '../publish/authors.ts'
import { composeMessage } from '../publish/commit-message.ts'
import type { Run } from '../run/run.ts'
import type { Checkout } from '../workspace/check-out.ts'
import { type Quarantine, upstreamRefs } from './import-bundle.ts'

export interface Signing {
  /** The author and committer of every commit: the agent. */
  bot: Author
  /** The lines every message ends with, like who asked for the work. */
  trailers: readonly string[]
  /** For a commit of all the work, where the agent's own cannot be kept. */
  message: string
  /** Whether they are not kept, whatever they are. */
  isOneCommit: boolean
}

/** More commits than this are one: nobody reads them, and each is made anew. */
const mostCommits = 500

interface Commit {
  id: string
  tree: string
  parents: string[]
  authoredAt: Date
  message: string
}

/**
 * Makes the agent's commits anew: same files, same order, merges kept, but by the agent and by nobody
 * it claims to be, each with the lines that say who asked and where to read how it came about. Gives
 * the last one. Where the agent did not build on the commit it was given, all its work becomes one
 * commit on top of that: history that is already pushed is never rewritten.
 */
export async function signCommits(
  run: Run,
  quarantine: Quarantine,
  checkout: Checkout,
  signing: Signing,
): Promise<string> {
  const commits = await readCommits(run, quarantine)
  const isKept = !signing.isOneCommit && commits.length <= mostCommits
  if (!isKept || !(await isBuiltOnStart(run, quarantine, checkout))) {
    const tree = `${quarantine.commit}^{tree}`
    const parents = [checkout.startCommit]
    return await commit(run, quarantine, signing, { tree, parents, message: signing.message })
  }
  const signed = new Map<string, string>()
  let last = quarantine.commit
  for (const { id, ...rest } of commits) {
    const parents = rest.parents.map((parent) => signed.get(parent) ?? parent)
    last = await commit(run, quarantine, signing, { ...rest, parents })
    signed.set(id, last)
  }
  return last
}

async function isBuiltOnStart(
  run: Run,
  { gitDir, commit }: Quarantine,
  { startCommit }: Checkout,
): Promise<boolean> {
  const range = ['--count', '--max-count=1', startCommit, '--not', commit]
  return (await gitText(['rev-list', ...range], { gitDir, signal: run.signal })) === '0'
}

/** What is new, parents before children. */
async function readCommits(run: Run, { gitDir, commit }: Quarantine): Promise<Commit[]> {
  const format = '--format=%H%n%T%n%P%n%aI%n%B'
  const order = ['-z', '--topo-order', '--reverse', `--max-count=${mostCommits + 1}`]
  const range = [commit, '--not', `--glob=${upstreamRefs}/*`]
  const output = await gitText(['log', ...order, format, ...range], { gitDir, signal: run.signal })
  return output
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const [id = '', tree = '', parents = '', date = '', ...message] = record.split('\n')
      return {
        id,
        tree,
        parents: parents.split(' ').filter((parent) => parent !== ''),
        authoredAt: new Date(date),
        message: message.join('\n'),
      }
    })
}

async function commit(
  run: Run,
  { gitDir }: Quarantine,
  { bot, trailers }: Signing,
  made: Omit<Commit, 'id' | 'authoredAt'> & { authoredAt?: Date },
): Promise<string> {
  const parents = made.parents.flatMap((parent) => ['-p', parent])
  const date = `@${Math.floor(plausible(made.authoredAt).getTime() / 1000)} +0000`
  return await gitText(['commit-tree', made.tree, ...parents, '-F', '-'], {
    gitDir,
    signal: run.signal,
    input: composeMessage(made.message, trailers, run.mask.text),
    env: {
      GIT_AUTHOR_NAME: bot.name,
      GIT_AUTHOR_EMAIL: bot.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: bot.name,
      GIT_COMMITTER_EMAIL: bot.email,
    },
  })
}

/** An agent's clock is the machine's, but a date is a text it can set. */
function plausible(date: Date | undefined): Date {
  const now = Date.now()
  const time = date?.getTime() ?? now
  return Math.abs(now - time) < 30 * 24 * 3_600_000 ? new Date(time) : new Date(now)
}

/** Whether two commits have the same files. */
export async function hasSameFiles(
  run: Run,
  { gitDir, commit }: Quarantine,
  other: string,
): Promise<boolean> {
  const names = [`${commit}^{tree}`, `${other}^{tree}`]
  const trees = await gitText(['rev-parse', ...names], { gitDir, signal: run.signal })
  const [one, two] = trees.split('\n')
  return one === two
}
