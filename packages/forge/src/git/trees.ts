import { type GitOptions, gitText, runGit } from './git.ts'

/** A file, folder, link or submodule in a commit. */
export interface Entry {
  /** From the repository's root. */
  path: string
  mode: string
  type: 'blob' | 'tree' | 'commit'
  sha: string
  /** 0 for all but files. */
  size: number
}

export const linkMode = '120000'

/** What lies at a path; undefined when nothing does. The empty path is the root. */
export async function readEntry(
  gitDir: string,
  commit: string,
  path: string,
): Promise<Entry | undefined> {
  if (path === '') {
    const sha = await gitText(['rev-parse', '--verify', `${commit}^{tree}`], { gitDir })
    return { path, type: 'tree', mode: '040000', sha, size: 0 }
  }
  const args = ['ls-tree', '-l', '-z', '--full-tree', commit, '--', `:(literal)${path}`]
  const entries = parseEntries(await gitText(args, { gitDir }))
  return entries.find((entry) => entry.path === path)
}

/** What lies in a folder, given by the folder's tree and its path. */
export async function listEntries(gitDir: string, tree: string, path: string): Promise<Entry[]> {
  const output = await gitText(['ls-tree', '-l', '-z', tree], { gitDir })
  const prefix = path === '' ? '' : `${path}/`
  return parseEntries(output).map((entry) => ({ ...entry, path: `${prefix}${entry.path}` }))
}

/**
 * All files of a commit, in whatever folder, links and submodules with them; no more of them than
 * `limitBytes` of git's list hold.
 */
export async function listFiles(
  gitDir: string,
  commit: string,
  limits: Required<Pick<GitOptions, 'limitBytes' | 'timeoutMs'>>,
): Promise<Entry[]> {
  const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit]
  const { output } = await runGit(args, { gitDir, ...limits })
  // Each ends with a NUL: what follows the last was cut.
  return parseEntries(output.toString('utf8', 0, output.lastIndexOf(0) + 1))
}

/** `mode type sha size TAB path`; a path may hold a tab as well. */
function parseEntries(output: string): Entry[] {
  return output
    .split('\u0000')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', type = '', sha = '', size = ''] = line.slice(0, tab).split(/ +/)
      return {
        path: line.slice(tab + 1),
        mode,
        // ls-tree knows no other.
        type: type as Entry['type'],
        sha,
        size: Number(size) || 0,
      }
    })
}

/**
 * The tree of a commit with one file put at a path, or without it, made folder by folder from the
 * inside out. Folders without files go with their last one. Undefined when something on the way to the
 * path is no folder.
 */
export async function treeWith(
  gitDir: string,
  commit: string | undefined,
  path: string,
  file: { sha: string; mode: string } | undefined,
): Promise<string | undefined> {
  const parts = path.split('/')
  let child: Entry | undefined = file && { ...file, path, type: 'blob', size: 0 }
  for (let depth = parts.length - 1; depth >= 0; depth -= 1) {
    const siblings = await listFolder(gitDir, commit, parts.slice(0, depth).join('/'))
    if (siblings === undefined) return undefined
    const name = parts[depth] ?? ''
    const others = siblings.filter((item) => item.path !== name)
    const entries: Entry[] = child === undefined ? others : [...others, { ...child, path: name }]
    const lines = entries.map((item) => `${item.mode} ${item.type} ${item.sha}\t${item.path}\u0000`)
    const sha = await gitText(['mktree', '-z'], { gitDir, input: lines.join('') })
    const isKept = entries.length > 0 || depth === 0
    child = isKept ? { path: '', mode: '040000', type: 'tree', sha, size: 0 } : undefined
  }
  return child?.sha
}

/** A folder's entries by their names alone; none where there is no folder yet. */
async function listFolder(
  gitDir: string,
  commit: string | undefined,
  path: string,
): Promise<Entry[] | undefined> {
  if (commit === undefined) return []
  const entry = await readEntry(gitDir, commit, path)
  if (entry === undefined) return []
  return entry.type === 'tree' ? await listEntries(gitDir, entry.sha, '') : undefined
}
