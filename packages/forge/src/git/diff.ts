import { git, gitText } from './git.ts'

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
const patchLimit = 200_000

const statuses: Record<string, ChangedFile['status']> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

/** The files that differ between two commits. */
export async function changedFiles(
  gitDir: string,
  from: string,
  to: string,
): Promise<ChangedFile[]> {
  const range = ['--end-of-options', from, to, '--']
  const raw = await gitText(['diff-tree', '-r', '-z', '-M', '--raw', '--no-abbrev', ...range], {
    gitDir,
  })
  const counts = await readCounts(gitDir, range)
  const files: ChangedFile[] = []
  const fields = raw.split('\u0000')
  for (let at = 0; at < fields.length && files.length < fileLimit;) {
    const [, , , sha = '', status = ''] = (fields[at++] ?? '').split(' ')
    if (status === '') break
    const first = fields[at++] ?? ''
    const isMoved = status.startsWith('R') || status.startsWith('C')
    const filename = isMoved ? (fields[at++] ?? '') : first
    files.push({
      filename,
      ...(isMoved ? { previous_filename: first } : {}),
      status: statuses[status.charAt(0)] ?? 'changed',
      sha: /^0+$/.test(sha) ? null : sha,
      ...(counts.get(filename) ?? { additions: 0, deletions: 0 }),
    })
  }
  return files
}

/** Adds the patches of a page of files: each is asked for alone, so that none can hide another. */
export async function withPatches(
  gitDir: string,
  from: string,
  to: string,
  files: ChangedFile[],
): Promise<ChangedFile[]> {
  const patched: ChangedFile[] = []
  for (const file of files) {
    const paths = [
      file.filename,
      ...(file.previous_filename === undefined ? [] : [file.previous_filename]),
    ]
    const text = await gitText(
      [
        'diff-tree',
        '-r',
        '-M',
        '-p',
        '--no-color',
        '--no-ext-diff',
        '--no-textconv',
        '--end-of-options',
        from,
        to,
        '--',
        ...paths.map((path) => `:(literal)${path}`),
      ],
      { gitDir },
    )
    const at = text.indexOf('\n@@')
    const patch = at < 0 ? undefined : text.slice(at + 1)
    patched.push(patch === undefined || patch.length > patchLimit ? file : { ...file, patch })
  }
  return patched
}

async function readCounts(gitDir: string, range: string[]) {
  const text = await gitText(['diff-tree', '-r', '-z', '-M', '--numstat', ...range], { gitDir })
  const counts = new Map<string, { additions: number; deletions: number }>()
  const fields = text.split('\u0000')
  for (let at = 0; at < fields.length;) {
    const [added = '', deleted = '', path = ''] = (fields[at++] ?? '').split('\t')
    if (added === '') continue
    // A rename has an empty path here, and its old and new one in the next two fields.
    if (path === '') at++
    const filename = path === '' ? (fields[at++] ?? '') : path
    counts.set(filename, { additions: Number(added) || 0, deletions: Number(deleted) || 0 })
  }
  return counts
}

/** The unified diff, cut at `limitBytes`. */
export async function unifiedDiff(
  gitDir: string,
  from: string,
  to: string,
  limitBytes = 16 * 1024 * 1024,
): Promise<string> {
  const text = (
    await git(
      [
        'diff-tree',
        '-r',
        '-M',
        '-p',
        '--no-color',
        '--no-ext-diff',
        '--no-textconv',
        '--end-of-options',
        from,
        to,
        '--',
      ],
      { gitDir, limitBytes: 256 * 1024 * 1024 },
    )
  ).toString('utf8')
  return text.length > limitBytes ? `${text.slice(0, limitBytes)}\n[cut]\n` : text
}

/** The commits as a mailbox, as GitHub's `.patch` has them. */
export async function patchSeries(gitDir: string, range: string): Promise<string> {
  return await gitText(['format-patch', '--stdout', '--no-color', '--end-of-options', range], {
    gitDir,
  })
}
