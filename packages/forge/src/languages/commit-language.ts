import { GitFailed } from '../git/git.ts'
import { linkMode, listFiles } from '../git/trees.ts'
import { languageOfPath } from './names.ts'

/**
 * Most of a tree that is looked at: some 100,000 files, GitHub's limit. A tree may say of itself that
 * it has more files than there are atoms, in a few kilobytes.
 */
const limitBytes = 8 * 1024 * 1024

const timeoutMs = 10_000

/**
 * The language most bytes of a commit are written in, by the names and sizes of its files: none is
 * opened, and what `.gitattributes` says of them does not count. Null when there is none, and when git
 * does not come to an end with it.
 */
export async function languageOfCommit(gitDir: string, commit: string): Promise<string | null> {
  const bytes = new Map<string, number>()
  for (const { path, type, mode, size } of await readFiles(gitDir, commit)) {
    const language = type === 'blob' && mode !== linkMode ? languageOfPath(path) : undefined
    if (language !== undefined) bytes.set(language, (bytes.get(language) ?? 0) + size)
  }
  const [most] = [...bytes].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return most?.[0] ?? null
}

async function readFiles(gitDir: string, commit: string) {
  try {
    return await listFiles(gitDir, commit, { limitBytes, timeoutMs })
  } catch (error) {
    if (error instanceof GitFailed) return []
    throw error
  }
}
