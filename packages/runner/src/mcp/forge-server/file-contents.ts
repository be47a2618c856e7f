import { z } from 'zod'

import { truncateMiddle } from '../../printable.ts'
import type { Ask } from './forge-tools.ts'

/** Of one file. */
const longestContent = 100_000
/** Of one folder. */
const mostEntries = 1000

/** What a commit is named by, whole or shortened. */
const commitName = /^[0-9a-f]{4,64}$/i
/** What no name of a branch or tag has in it: with these git names what is somewhere near. */
const noRefName = /[\s~^:?*[\\\p{Cc}]|\.\.|@\{/u

export const FileContentsInput = z.strictObject({
  path: z
    .string()
    .max(4096)
    .refine(isInside, 'is a path below the root of the repository, without . and ..')
    .default('')
    .describe('Of a file or folder, from the root of the repository. Left out: the root.'),
  ref: z
    .string()
    .min(1)
    .max(255)
    // A forge finds commits of forks by their ids, also where nobody else sees the fork.
    .refine(
      (ref) => ref.isWellFormed() && !noRefName.test(ref) && !commitName.test(ref),
      'is the name of a branch or tag',
    )
    .optional()
    .describe('A branch or tag. Left out: the default branch.'),
})

const entry = { path: z.string(), type: z.string(), size: z.int().nullish() }

/** GitHub's `object` form: of a large file it has no content, so that no answer is large. */
const Contents = z.discriminatedUnion('type', [
  z.object({
    ...entry,
    type: z.literal('file'),
    content: z.string().default(''),
    encoding: z.string().default('none'),
  }),
  z.object({ ...entry, type: z.literal('dir'), entries: z.array(z.object(entry)) }),
  z.object({ ...entry, type: z.literal('symlink'), target: z.string() }),
  z.object({ ...entry, type: z.literal('submodule'), submodule_git_url: z.string().nullish() }),
])

/** A file or folder as it is on a branch, which need not be that of the checkout. */
export async function readFileContents(
  ask: Ask,
  { path, ref }: z.infer<typeof FileContentsInput>,
): Promise<object> {
  const inside = path.split('/').map(encodeURIComponent).join('/')
  const route = `/repos/{owner}/{repo}/contents${inside === '' ? '' : `/${inside}`}`
  const at = ref === undefined ? {} : { ref }
  const found = Contents.parse(await ask(route, { ...at, mediaType: { format: 'object' } }))
  if (found.type === 'file') {
    return { type: found.type, path: found.path, size: found.size, ...textOf(found) }
  }
  if (found.type !== 'dir') return found
  const { entries, ...folder } = found
  const left = Math.max(0, entries.length - mostEntries)
  const shown = entries.slice(0, mostEntries)
  return { ...folder, entries: shown, ...(left === 0 ? {} : { entries_left_out: left }) }
}

function textOf({ content, encoding }: { content: string; encoding: string }): object {
  if (encoding !== 'base64') return { note: 'Its content is too large to be shown here.' }
  const bytes = Buffer.from(content, 'base64')
  if (bytes.includes(0)) return { note: 'Its content is no text.' }
  return { content: truncateMiddle(bytes.toString('utf8'), longestContent) }
}

/** In a URL `..` and its like lead out of the repository, to whatever else its token may see. */
function isInside(path: string): boolean {
  if (path === '') return true
  return (
    path.isWellFormed() &&
    !/\p{Cc}/u.test(path) &&
    path.split('/').every((name) => !['', '.', '..'].includes(name))
  )
}
