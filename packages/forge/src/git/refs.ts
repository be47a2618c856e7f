import { gitMaybe, gitText } from './git.ts'

/**
 * Whether a branch may have this name: the rules of git-check-ref-format, and no dash in front, which
 * a command could take for an option.
 */
export function isBranchName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= 250 &&
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$|^[/-]|^@$/.test(name) &&
    !name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'))
  )
}

/** A commit by branch, tag or (shortened) id; undefined when there is none. */
export async function resolveCommit(gitDir: string, ref: string): Promise<string | undefined> {
  if (!isBranchName(ref.replace(/^refs\//, ''))) return undefined
  const names = ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]
  if (/^[0-9a-f]{7,40}$/.test(ref)) names.push(ref)
  for (const name of names) {
    const sha = await gitMaybe(
      ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
      { gitDir },
    )
    if (sha !== undefined && sha !== '') return sha
  }
  return undefined
}

export async function resolveBranch(gitDir: string, branch: string): Promise<string | undefined> {
  return await resolveCommit(gitDir, `refs/heads/${branch}`)
}

export interface Branch {
  name: string
  sha: string
}

export async function listBranches(gitDir: string): Promise<Branch[]> {
  const lines = await gitText(
    ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads/'],
    { gitDir },
  )
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ sha: line.slice(0, 40), name: line.slice(41 + 'refs/heads/'.length) }))
}
