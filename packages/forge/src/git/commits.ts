import { git, gitText } from './git.ts'

export interface Commit {
  sha: string
  tree: string
  parents: string[]
  author: Signature
  committer: Signature
  message: string
}

interface Signature {
  name: string
  email: string
  date: string
}

const format = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00')

/** Commits of a range or a ref, newest first. The revision must be one we resolved. */
export async function listCommits(
  gitDir: string,
  revision: string,
  options: {
    skip?: number
    limit: number
    path?: string
    author?: string
    since?: string
    until?: string
  },
): Promise<Commit[]> {
  const args = [
    'log',
    '-z',
    `--format=${format}%x00%x01`,
    `--max-count=${options.limit}`,
    `--skip=${options.skip ?? 0}`,
  ]
  if (options.author !== undefined) args.push(`--author=${options.author}`)
  if (options.since !== undefined) args.push(`--since=${options.since}`)
  if (options.until !== undefined) args.push(`--until=${options.until}`)
  args.push('--end-of-options', revision, '--')
  if (options.path !== undefined) args.push(`:(literal)${options.path}`)
  const output = await gitText(args, { gitDir })
  return output
    .split('\u0000\u0001')
    .map((entry) => entry.replace(/^\u0000/, ''))
    .filter((entry) => entry.trim() !== '')
    .map(parseCommit)
}

export async function readCommit(gitDir: string, sha: string): Promise<Commit> {
  const [commit] = await listCommits(gitDir, sha, { limit: 1 })
  if (commit === undefined) throw new Error(`commit ${sha} is gone`)
  return commit
}

function parseCommit(entry: string): Commit {
  const [
    sha = '',
    tree = '',
    parents = '',
    an = '',
    ae = '',
    ad = '',
    cn = '',
    ce = '',
    cd = '',
    message = '',
  ] = entry.split('\u0000')
  return {
    sha,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: message.replace(/\n+$/, ''),
  }
}

export async function countCommits(gitDir: string, range: string): Promise<number> {
  return Number(await gitText(['rev-list', '--count', '--end-of-options', range, '--'], { gitDir }))
}

/** The commit both came from; undefined when they have no history in common. */
export async function mergeBase(gitDir: string, a: string, b: string): Promise<string | undefined> {
  try {
    return await gitText(['merge-base', '--end-of-options', a, b], { gitDir })
  } catch {
    return undefined
  }
}

/** A commit made on the bare repository, in somebody's name. */
export async function commitTree(
  gitDir: string,
  commit: {
    tree: string
    parents: string[]
    message: string
    author: { name: string; email: string }
  },
): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent])
  const { name, email } = commit.author
  return await gitText(['commit-tree', commit.tree, ...parents], {
    gitDir,
    input: commit.message,
    env: {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
    },
  })
}

/** Moves a branch from `from` to `to`; fails where it stands elsewhere by now. */
export async function updateBranch(
  gitDir: string,
  branch: string,
  to: string,
  from: string,
): Promise<void> {
  await git(['update-ref', '--end-of-options', `refs/heads/${branch}`, to, from], { gitDir })
}
