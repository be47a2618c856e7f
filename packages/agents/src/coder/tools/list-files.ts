import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { nameInWorkspace, resolveInWorkspace } from '../workspace-path.ts'
import { type Tool, ToolError } from './tool.ts'

const mostEntries = 1000
/** Named, but not looked into unless asked for by their own path. */
const closedFolders = new Set(['.git', 'node_modules', '.venv', 'vendor', 'target', 'dist'])

const Input = z.object({
  path: z.string().optional().describe('A folder, relative to the workspace. Default: its root.'),
  depth: z.int().min(1).max(10).optional().describe('How many levels. Default: 2.'),
})

export const listFilesTool: Tool<z.infer<typeof Input>> = {
  name: 'list_files',
  description:
    'Lists files and folders (with a slash at their end), a few levels deep. To find files by name over the whole repository use bash: git ls-files or find.',
  input: Input,
  kind: 'read',
  isReadOnly: true,
  title: ({ path = '.' }) => `List ${path}`,
  path: ({ path = '.' }) => path,
  async run({ workspace, outputLimit, signal }, { path = '.', depth = 2 }) {
    const root = await resolveInWorkspace(workspace, path)
    const entries: string[] = []
    let isCut = false
    let folders = [root]
    for (let level = 0; level < depth && folders.length > 0; level += 1) {
      const next: string[] = []
      for (const folder of folders) {
        signal.throwIfAborted()
        for (const entry of await readFolder(folder, path)) {
          if (entries.length >= mostEntries) isCut = true
          const full = join(folder, entry.name)
          const isFolder = entry.isDirectory()
          entries.push(nameInWorkspace(workspace, full) + (isFolder ? '/' : ''))
          if (isFolder && !closedFolders.has(entry.name)) next.push(full)
        }
        if (isCut) break
      }
      if (isCut) break
      folders = next
    }
    return { text: present(entries, outputLimit) }
  },
}

async function readFolder(folder: string, name: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ENOENT') throw new ToolError(`${name} does not exist.`, error)
    if (error.code === 'ENOTDIR') throw new ToolError(`${name} is a file: use read_file.`, error)
    // A folder that a command made unreadable, or removed meanwhile.
    if (error.code === 'EACCES') return []
    throw error
  }
}

function present(entries: string[], outputLimit: number): string {
  if (entries.length === 0) return '(The folder is empty.)'
  const shown: string[] = []
  let length = 0
  for (const entry of entries.slice(0, mostEntries)) {
    length += entry.length + 1
    if (length > outputLimit) break
    shown.push(entry)
  }
  if (shown.length === entries.length) return shown.toSorted().join('\n')
  return `${shown.toSorted().join('\n')}\n(There is more. List a folder of these, or less deep.)`
}
