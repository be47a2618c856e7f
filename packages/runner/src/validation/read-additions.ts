import { git, gitText } from '../git/git.ts'
import { upstreamRefs } from '../result/import-bundle.ts'
import { parseRawDiff } from '../result/raw-diff.ts'
import type { RepositoryOptions } from './read-blobs.ts'

/** What a push would bring to the forge that is not there yet. */
export interface Additions {
  /** New contents, each once, with every path it was given: files, and what links point to. */
  blobs: { id: string; paths: string[] }[]
  messages: string[]
}

const gitlink = '160000'

/**
 * Looks at every commit, not at the last alone: what one adds and the next takes away again is pushed all
 * the same. Merges are compared with each of their parents.
 */
export async function readAdditions(
  options: RepositoryOptions,
  commit: string,
): Promise<Additions> {
  const range = [commit, '--not', `--glob=${upstreamRefs}/*`]
  const commits = await gitText(['rev-list', ...range], options)
  const form = ['--no-commit-id', '--raw', '-z', '--no-renames', '--no-abbrev']
  const raw = await git(['diff-tree', '--stdin', '-r', '-m', '--root', ...form], {
    ...options,
    input: `${commits}\n`,
  })
  const isNew = await newObjects(options, range)
  const changes = parseRawDiff(raw).filter(
    ({ newMode, newId }) => newMode !== gitlink && isNew.has(newId),
  )
  const byId = Map.groupBy(changes, ({ newId }) => newId)
  const log = await git(['log', '-z', '--format=%B', ...range], options)
  return {
    blobs: [...byId].map(([id, same]) => ({
      id,
      paths: [...new Set(same.map(({ path }) => path))],
    })),
    messages: log.toString('utf8').split('\0'),
  }
}

/** What comes in by a merge of the forge's own branches is there already. */
async function newObjects(
  options: RepositoryOptions,
  range: readonly string[],
): Promise<Set<string>> {
  const output = await git(['rev-list', '--objects', '--no-object-names', ...range], options)
  return new Set(output.toString('latin1').split('\n'))
}
