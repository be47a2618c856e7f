import { gitText, runGit } from './git.ts'

export interface ChangedFile {
  filename: string
  previous_filename?: string
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  sha: string | null
  additions: number
  deletions: number
  patch?: string
}

/** GitHub shows at most this many files of one comparison. */
const fileLimit = 3000

/** A file's patch longer than this is left out, as GitHub leaves out large ones. */
const patchLimitBytes = 200_000

/** All patches of one page together. */
const pageLimitBytes = 32 * 1024 * 1024

const statuses: Record<string, ChangedFile['status']> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

/** The files that differ between two commits, without their patches. */
export async function changedFiles(
  gitDir: string,
  from: string,
  to: string,
): Promise<ChangedFile[]> {
  const args = ['diff-tree', '-r', '-z', '-M', '--raw', '--numstat', '--no-abbrev']
  const output = await gitText([...args, '--end-of-options', from, to, '--'], { gitDir })
  const fields = output.split('\u0000')
  const files = readRaw(fields)
  const counts = readCounts(fields)
  return files.slice(0, fileLimit).map(({ file }) => ({ ...file, ...counts.get(file.filename) }))
}

/** Adds the patches of a page of files. Binary and very large ones have none. */
export async function withPatches(
  gitDir: string,
  from: string,
  to: string,
  files: ChangedFile[],
): Promise<ChangedFile[]> {
  if (files.length === 0) return []
  const paths = files.flatMap((file) => [file.filename, file.previous_filename ?? file.filename])
  // Where none of the page was found to be moved, none may be found so among the page's files alone.
  const moves = files.some((file) => file.previous_filename !== undefined) ? '-M' : '--no-renames'
  const args = ['diff-tree', '-r', '-z', moves, '--raw', '-p', '--no-abbrev', '--no-color']
  const { output } = await runGit(
    [
      ...args,
      '--no-ext-diff',
      '--no-textconv',
      '--end-of-options',
      from,
      to,
      '--',
      ...paths.map((path) => `:(literal)${path}`),
    ],
    { gitDir, limitBytes: pageLimitBytes },
  )
  const patches = readPatches(output.toString('utf8'))
  return files.map((file) => {
    const patch = patches.get(file.filename)
    return patch === undefined ? file : { ...file, patch }
  })
}

interface RawEntry {
  file: ChangedFile
  /** A file that became a link or the other way round has two patches: one removes, one adds. */
  patchCount: number
}

/** `:mode mode sha sha status`, then one path, or two where it was moved. Takes what it has read. */
function readRaw(fields: string[]): RawEntry[] {
  const entries: RawEntry[] = []
  while (fields[0]?.startsWith(':') === true) {
    const [, , , sha = '', code = ''] = (fields.shift() ?? '').split(' ')
    const status = statuses[code.charAt(0)] ?? 'changed'
    const first = fields.shift() ?? ''
    const isMoved = status === 'renamed' || status === 'copied'
    const filename = isMoved ? (fields.shift() ?? '') : first
    entries.push({
      file: {
        filename,
        ...(isMoved ? { previous_filename: first } : {}),
        status,
        sha: /^0+$/.test(sha) ? null : sha,
        additions: 0,
        deletions: 0,
      },
      patchCount: status === 'changed' ? 2 : 1,
    })
  }
  return entries
}

/** `added TAB deleted TAB path`; of a moved file the path is empty, and its two names follow. */
function readCounts(fields: string[]): Map<string, { additions: number; deletions: number }> {
  const counts = new Map<string, { additions: number; deletions: number }>()
  for (let at = 0; at < fields.length; at += 1) {
    const [, added = '', deleted = '', path = ''] =
      /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(fields[at] ?? '') ?? []
    if (added === '') continue
    const filename = path === '' ? (fields[at + 2] ?? '') : path
    if (path === '') at += 2
    // A dash is a binary file's.
    counts.set(filename, { additions: Number(added) || 0, deletions: Number(deleted) || 0 })
  }
  return counts
}

/**
 * The hunks of each file. The list of files in front says which patch is whose: no name has to be read
 * from a patch. Only a header begins with `diff --git`, for each line of content has a sign in front.
 */
function readPatches(output: string): Map<string, string> {
  const rawEnd = output.startsWith(':') ? output.indexOf('\u0000\u0000') : -1
  if (rawEnd < 0) return new Map()
  const entries = readRaw(output.slice(0, rawEnd).split('\u0000'))
  const sections = output.slice(rawEnd + 2).split(/^(?=diff --git )/m)
  const patches = new Map<string, string>()
  for (const { file, patchCount } of entries) {
    const hunks = sections.splice(0, patchCount).map(hunksOf)
    const patch = hunks.filter((text) => text !== '').join('\n')
    if (patch !== '' && patch.length <= patchLimitBytes) patches.set(file.filename, patch)
  }
  return patches
}

function hunksOf(section: string): string {
  const at = section.indexOf('\n@@ ')
  return at < 0 ? '' : section.slice(at + 1).replace(/\n$/, '')
}
