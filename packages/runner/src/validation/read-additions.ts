import { git, gitText } from '../git/git.ts'
import { gitlinkMode, parseRawDiff } from '../git/raw-diff.ts'
import type { Objects } from '../git/read-objects.ts'
import { upstreamRefs } from '../result/import-bundle.ts'

/** What a push would bring to the forge that is not there yet. */
export interface Additions {
  /** New contents, each once, with every path it was given: files, and what links point to. */
  blobs: { id: string; paths: string[] }[]
  messages: string[]
}

/**
 * Looks at every commit, not at the last alone: what one adds and the next takes away again is pushed all
 * the same. Merges are compared with each of their parents.
 */
export async function readAdditions(objects: Objects, commit: string): Promise<Additions> {
  const range = [commit, '--not', `--glob=${upstreamRefs}/*`]
  const commits = await gitText(['rev-list', ...range], objects)
  const form = ['--no-commit-id', '--raw', '-z', '--no-renames', '--no-abbrev']
  const raw = await git(['diff-tree', '--stdin', '-r', '-m', '--root', ...form], {
    ...objects,
    input: `${commits}\n`,
  })
  const isNew = await newObjects(objects, range)
  const changes = parseRawDiff(raw).filter(
    ({ newMode, newId }) => newMode !== gitlinkMode && isNew.has(newId),
  )
  const byId = Map.groupBy(changes, ({ newId }) => newId)
  const log = await git(['log', '-z', '--format=%B', ...range], objects)
  return {
    blobs: [...byId].map(([id, same]) => ({
      id,
      paths: [...new Set(same.map(({ path }) => path))],
    })),
    messages: log.toString('utf8').split('\0'),
  }
}

/** What comes in by a merge of the forge's own branches is there already. */
async function newObjects(objects: Objects, range: readonly string[]): Promise<Set<string>> {
  const output = await git(['rev-list', '--objects', '--no-object-names', ...range], objects)
  return new Set(output.toString('latin1').split('\n'))
}
