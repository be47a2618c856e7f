import { RecipeError } from '../recipe-error.ts'
import { git, gitMaybe, gitText } from './git.ts'

/**
 * A repository as it is in one commit. Files are read from git's objects and never from the working
 * tree: a link leads nowhere, and no path can lead out of the repository.
 */
export interface Repository {
  /** The folder of the checkout. */
  root: string
  /** The commit that is looked at, by its full id. */
  commit: string
  files: ReadonlyMap<string, TreeEntry>
  git: (args: readonly string[]) => Promise<string>
  /**
   * A file's text, undefined where there is no file of that name.
   *
   * @throws RecipeError when it is a link, no UTF-8 text, or too long
   */
  readText: (path: string) => Promise<string | undefined>
  /** The texts of many files at once; those that are no text of fitting length are left out. */
  readTexts: (paths: readonly string[]) => Promise<Map<string, string>>
}

export interface TreeEntry {
  type: 'file' | 'link' | 'submodule'
  object: string
  sizeBytes: number
}

/** A file as it will be. `before` is absent when it is new. */
export interface Change {
  path: string
  before?: string
  after: string
}

/** The longest file read: lock files of large workspaces have some tens of megabytes. */
const textLimitBytes = 48 * 1024 * 1024

/**
 * Looks at a commit of the repository in a folder.
 *
 * @throws RecipeError when there is no such commit
 */
export async function openRepository(
  folder: string,
  revision: string,
  signal: AbortSignal,
): Promise<Repository> {
  const options = { cwd: folder, signal }
  const root = await gitMaybe(['rev-parse', '--show-toplevel'], options)
  if (root === undefined) throw new RecipeError('This folder is no checkout of a git repository.')
  const at = { cwd: root, signal }
  const name = `${revision}^{commit}`
  const commit = await gitMaybe(['rev-parse', '--verify', '--quiet', '--end-of-options', name], at)
  if (commit === undefined) {
    throw new RecipeError(`The repository has no commit ${JSON.stringify(revision)}.`)
  }
  const files = parseTree(await git(['ls-tree', '-r', '-l', '-z', '--full-tree', commit], at))
  async function readTexts(paths: readonly string[]): Promise<Map<string, string>> {
    const wanted = paths.filter((path) => isReadable(files.get(path)))
    const input = wanted.map((path) => `${files.get(path)?.object}\n`).join('')
    if (input === '') return new Map()
    const blobs = splitBatch(await git(['cat-file', '--batch'], { ...at, input }))
    const texts = wanted.map((path, index) => [path, decode(blobs[index])] as const)
    return new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined))
  }
  return {
    root,
    commit,
    files,
    git: (args) => gitText(args, at),
    readTexts,
    async readText(path) {
      const entry = files.get(path)
      if (entry === undefined) return undefined
      if (entry.type !== 'file') throw new RecipeError(`${path} is a ${entry.type}, not a file.`)
      if (entry.sizeBytes > textLimitBytes) throw new RecipeError(`${path} is too long to be read.`)
      const text = (await readTexts([path])).get(path)
      if (text === undefined) throw new RecipeError(`${path} is not a text in UTF-8.`)
      return text
    },
  }
}

function isReadable(entry: TreeEntry | undefined): boolean {
  return entry?.type === 'file' && entry.sizeBytes <= textLimitBytes
}

/** The modes of git's trees. */
const types = new Map<string, TreeEntry['type']>([
  ['100644', 'file'],
  ['100755', 'file'],
  ['120000', 'link'],
  ['160000', 'submodule'],
])

function parseTree(output: Buffer): Map<string, TreeEntry> {
  const files = new Map<string, TreeEntry>()
  for (const line of output.toString('utf8').split('\0')) {
    const [, mode = '', object = '', size = '', path = ''] =
      /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t([\s\S]+)$/.exec(line) ?? []
    const type = types.get(mode)
    if (type !== undefined) files.set(path, { type, object, sizeBytes: Number(size) || 0 })
  }
  return files
}

/** The answers of `git cat-file --batch`: a head line with the size, the bytes, a line break. */
function splitBatch(output: Buffer): Buffer[] {
  const blobs: Buffer[] = []
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf(10, at)
    const size = Number(output.toString('latin1', at, lineEnd).split(' ')[2])
    blobs.push(output.subarray(lineEnd + 1, lineEnd + 1 + size))
    at = lineEnd + size + 2
  }
  return blobs
}

function decode(blob: Buffer | undefined): string | undefined {
  if (blob === undefined || blob.includes(0)) return undefined
  const text = blob.toString('utf8')
  return Buffer.from(text, 'utf8').equals(blob) ? text : undefined
}
