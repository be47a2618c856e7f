import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git, GitFailed, gitMaybe, gitText } from './git.ts'

/**
 * Whether a ref or a branch may have this name: the rules of git-check-ref-format, and no dash in
 * front, which a command could take for an option.
 */
export function isRefName(name: string): boolean {
  return (
    name.length > 0 &&
    // A ref may be a file of this name, and file systems count bytes.
    Buffer.byteLength(name) <= 250 &&
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$|^[/-]|^@$/.test(name) &&
    !name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'))
  )
}

/** Whether a branch or a tag may be put at this full name by a caller. */
export function isWritableRef(ref: string): boolean {
  return /^refs\/(heads|tags)\/(?!-)./.test(ref) && isRefName(ref)
}

export interface Ref {
  name: string
  sha: string
  type: string
}

/** The ref of exactly this full name. git's own lookup would try `refs/heads/` and more before it. */
export async function readRef(gitDir: string, name: string): Promise<Ref | undefined> {
  return (await listRefs(gitDir, [name])).find((ref) => ref.name === name)
}

/** Refs that are or lie below one of the names given, in the order of their names. */
export async function listRefs(gitDir: string, names: string[]): Promise<Ref[]> {
  const valid = names.filter((name) => isRefName(name.replace(/\/$/, '')))
  if (valid.length === 0) return []
  const format = '--format=%(objectname) %(objecttype) %(refname)'
  const lines = await gitText(['for-each-ref', format, '--', ...valid], { gitDir })
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [sha = '', type = ''] = line.split(' ', 2)
      return { sha, type, name: line.slice(sha.length + type.length + 2) }
    })
}

/**
 * A commit by branch, tag, `HEAD`, `heads/x`, `tags/x`, full ref or (shortened) id, as GitHub takes
 * them; undefined when there is none.
 */
export async function resolveCommit(gitDir: string, ref: string): Promise<string | undefined> {
  if (ref === 'HEAD') return await toCommit(gitDir, 'HEAD')
  if (!isRefName(ref)) return undefined
  const names = ref.startsWith('refs/')
    ? [ref]
    : [
        `refs/heads/${ref}`,
        `refs/tags/${ref}`,
        ...(/^(heads|tags)\//.test(ref) ? [`refs/${ref}`] : []),
      ]
  const found = await listRefs(gitDir, names)
  for (const name of names) {
    const exact = found.find((item) => item.name === name)
    if (exact !== undefined) return await toCommit(gitDir, exact.sha, exact.type)
  }
  return /^[0-9a-f]{7,40}$/.test(ref) ? await toCommit(gitDir, ref) : undefined
}

async function toCommit(gitDir: string, name: string, type?: string): Promise<string | undefined> {
  if (type === 'commit') return name
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]
  // 128 is how it says that the name is ambiguous, or of something that is no commit.
  return (await gitMaybe(args, { gitDir }, [1, 128])) || undefined
}

/**
 * Where a branch is. Read from git's own files, the loose ref before the packed ones as git does:
 * every task asks for this, and starting git costs more than all else that is done for it.
 */
export async function resolveBranch(gitDir: string, branch: string): Promise<string | undefined> {
  const name = `refs/heads/${branch}`
  if (!isRefName(name)) return undefined
  const loose = await readIfThere(join(gitDir, name))
  if (loose !== undefined) return /^[0-9a-f]{40}(?=\n?$)/.exec(loose)?.[0]
  const packed = (await readIfThere(join(gitDir, 'packed-refs'))) ?? ''
  const end = packed.indexOf(` ${name}\n`)
  return end < 40 ? undefined : packed.slice(end - 40, end)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // A folder is there when the name is the beginning of another branch's.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined
    throw error
  }
}

export interface Branch {
  name: string
  sha: string
}

export async function listBranches(gitDir: string): Promise<Branch[]> {
  const refs = await listRefs(gitDir, ['refs/heads/'])
  return refs.map(({ name, sha }) => ({ name: name.slice('refs/heads/'.length), sha }))
}

/** What `moveRef` expects where there must be nothing yet, or puts where there shall be nothing. */
export const noObject = '0'.repeat(40)

/**
 * Moves a ref from one object to another, `noObject` on either side for making and removing it. False
 * when it stands elsewhere by now, or another ref's name is in its way.
 */
export async function moveRef(
  gitDir: string,
  ref: string,
  to: string,
  from: string,
): Promise<boolean> {
  try {
    await git(['update-ref', '--end-of-options', ref, to, from], { gitDir })
    return true
  } catch (error) {
    if (error instanceof GitFailed && error.code !== null) return false
    throw error
  }
}

/** Lets `HEAD` name a branch, which need not be there. */
export async function pointHead(gitDir: string, branch: string): Promise<void> {
  await git(['symbolic-ref', '--end-of-options', 'HEAD', `refs/heads/${branch}`], { gitDir })
}
