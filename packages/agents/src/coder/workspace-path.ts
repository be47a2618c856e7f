import { readlink, realpath } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { ToolError } from './tools/tool.ts'

/**
 * The absolute path of what a tool was given. The box is what confines the coder; this is here to
 * tell a model that is lost.
 *
 * @throws ToolError for what lies outside of the workspace, also by a link
 */
export async function resolveInWorkspace(workspace: string, path: string): Promise<string> {
  if (path.includes('\0')) throw new ToolError('A path cannot hold a NUL character.')
  const full = resolve(workspace, path)
  const root = await realpath(workspace)
  const isInside = isBelow(workspace, full) && isBelow(root, await realAncestor(full))
  if (!isInside) {
    throw new ToolError(
      `${path} is outside of the workspace. Only files below ${workspace} can be used; for others there is bash.`,
    )
  }
  return full
}

/** As the model names it, and as a person wants to read it. */
export function nameInWorkspace(workspace: string, path: string): string {
  return relative(workspace, path) || '.'
}

export function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** What exists of a path, with all links followed: the rest may be about to be made. */
async function realAncestor(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ELOOP') throw new ToolError(`${path} is a link that leads to itself.`)
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    // Writing to it would make a file wherever it leads.
    if (await isLink(path)) throw new ToolError(`${path} is a link that leads nowhere.`)
    return realAncestor(dirname(path))
  }
}

async function isLink(path: string): Promise<boolean> {
  return readlink(path).then(
    () => true,
    () => false,
  )
}
