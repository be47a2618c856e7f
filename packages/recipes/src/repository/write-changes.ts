import { constants } from 'node:fs'
import { lstat, mkdir, open } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { RecipeError } from '../recipe-error.ts'
import type { Change } from './repository.ts'

/**
 * Writes changed files into the working tree. A link on the way to a file or in its place is refused:
 * what is written stays in the repository.
 *
 * @throws RecipeError that names the file
 */
export async function writeChanges(root: string, changes: readonly Change[]): Promise<void> {
  for (const { path } of changes) await requireInside(root, path)
  for (const { path, after } of changes) {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
    await using opened = await open(file, flags, 0o644)
    await opened.writeFile(after)
  }
}

async function requireInside(root: string, path: string): Promise<void> {
  const parts = relative(root, join(root, path)).split('/')
  if (parts.includes('..') || parts.includes('.git') || path.startsWith('/')) {
    throw new RecipeError(`${path} is not a path inside the repository.`)
  }
  for (let length = 1; length <= parts.length; length += 1) {
    const part = parts.slice(0, length).join('/')
    const type = await typeOf(join(root, part))
    if (type === 'none') return
    const wanted = length === parts.length ? 'file' : 'folder'
    if (type !== wanted)
      throw new RecipeError(`${part} is no ${wanted}, so ${path} is not written.`)
  }
}

async function typeOf(path: string): Promise<'file' | 'folder' | 'other' | 'none'> {
  try {
    const found = await lstat(path)
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'none'
    throw error
  }
}
