import { gitMaybe, gitText } from './git.ts'

export interface Commit {
  sha: string
  tree: string
  parents: string[]
  author: Signature
  committer: Signature
  message: string
}

export interface Signature {
  name: string
  email: string
  date: string
}

const format = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00')

export interface CommitFilter {
  path?: string
  /** A part of the name or address, taken literally. */
  author?: string
  committer?: string
  since?: string
  until?: string
}

/** Commits of a range or from a commit on, newest first. The revision must be one we resolved. */
export async function listCommits(
  gitDir: string,
  revision: string,
  options: CommitFilter & { skip?: number; limit: number },
): Promise<Commit[]> {
  const args = ['log', '-z', `--format=${format}%x00%x01`]
  args.push(`--max-count=${options.limit}`, `--skip=${options.skip ?? 0}`)
  args.push(...filterArguments(revision, options))
  return parseCommits(await gitText(args, { gitDir }))
}

function filterArguments(revision: string, filter: CommitFilter): string[] {
  const args = ['--fixed-strings', '--regexp-ignore-case']
  if (filter.author !== undefined) args.push(`--author=${filter.author}`)
  if (filter.committer !== undefined) args.push(`--committer=${filter.committer}`)
  if (filter.since !== undefined) args.push(`--since=${filter.since}`)
  if (filter.until !== undefined) args.push(`--until=${filter.until}`)
  args.push('--end-of-options', revision, '--')
  if (filter.path !== undefined) args.push(`:(literal)${filter.path}`)
  return args
}

export async function readCommit(gitDir: string, sha: string): Promise<Commit> {
  const [commit] = await listCommits(gitDir, sha, { limit: 1 })
  if (commit === undefined) throw new Error(`commit ${sha} is gone`)
  return commit
}

function parseCommits(output: string): Commit[] {
  return output
    .split('\u0000\u0001')
    .map((entry) => entry.replace(/^\u0000/, ''))
    .filter((entry) => entry.trim() !== '')
    .map(parseCommit)
}

function parseCommit(entry: string): Commit {
  const [sha = '', tree = '', parents = '', ...rest] = entry.split('\u0000')
  const [an = '', ae = '', ad = '', cn = '', ce = '', cd = '', message = ''] = rest
  return {
    sha,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: message.replace(/\n+$/, ''),
  }
}

export async function countCommits(
  gitDir: string,
  revision: string,
  filter: CommitFilter = {},
): Promise<number> {
  const args = ['rev-list', '--count', ...filterArguments(revision, filter)]
  return Number(await gitText(args, { gitDir }))
}

/** The commit both came from; undefined when they have no history in common. */
export async function mergeBase(gitDir: string, a: string, b: string): Promise<string | undefined> {
  const all = await gitMaybe(['merge-base', '--end-of-options', a, b], { gitDir })
  return all?.split('\n')[0]
}

/** False also for a commit that is no longer there. */
export async function isAncestor(gitDir: string, older: string, newer: string): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', '--end-of-options', older, newer]
  return (await gitMaybe(args, { gitDir }, [1, 128])) !== undefined
}

export async function hasObject(gitDir: string, name: string): Promise<boolean> {
  return (await gitMaybe(['cat-file', '-e', name], { gitDir }, [1, 128])) !== undefined
}

export interface NewCommit {
  tree: string
  parents: string[]
  message: string
  author: { name: string; email: string; date?: string }
  /** Default: the author, now. */
  committer?: { name: string; email: string; date?: string }
}

/** Makes a commit on the bare repository; no branch is moved. */
export async function commitTree(gitDir: string, commit: NewCommit): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent])
  const { author, committer = { name: author.name, email: author.email } } = commit
  return await gitText(['commit-tree', commit.tree, ...parents], {
    gitDir,
    input: commit.message,
    env: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      ...(author.date === undefined ? {} : { GIT_AUTHOR_DATE: author.date }),
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      ...(committer.date === undefined ? {} : { GIT_COMMITTER_DATE: committer.date }),
    },
  })
}

/** A page of a range's commits, oldest first in the order of history, and how many there are. */
export async function listRange(
  gitDir: string,
  range: string,
  page: { skip: number; limit: number },
): Promise<{ commits: Commit[]; total: number }> {
  const args = ['rev-list', '--topo-order', '--reverse', '--end-of-options', range, '--']
  const shas = (await gitText(args, { gitDir })).split('\n').filter((sha) => sha !== '')
  const wanted = shas.slice(page.skip, page.skip + page.limit)
  if (wanted.length === 0) return { commits: [], total: shas.length }
  const output = await gitText(
    ['log', '-z', `--format=${format}%x00%x01`, '--no-walk=unsorted', '--stdin'],
    { gitDir, input: `${wanted.join('\n')}\n` },
  )
  return { commits: parseCommits(output), total: shas.length }
}
