import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { readText } from '../read-text.ts'
import { resolveInWorkspace } from '../workspace-path.ts'
import { type Tool, ToolError } from './tool.ts'

const byteOrderMark = '\uFEFF'

const Input = z.object({
  path: z.string().describe('Relative to the workspace.'),
  content: z.string().describe('The whole content.'),
})

export const writeFileTool: Tool<z.infer<typeof Input>> = {
  name: 'write_file',
  description:
    'Writes a file, in place of what is there. Folders are made as needed. To change a part of a file use edit_file.',
  input: Input,
  kind: 'edit',
  title: ({ path }) => `Write ${path}`,
  path: ({ path }) => path,
  async run({ workspace }, { path, content }) {
    const full = await resolveInWorkspace(workspace, path)
    const exists = await requireFileOrNothing(full, path)
    const before = exists ? await readIfText(full, path) : undefined
    const text = before === undefined ? content : followFile(before, content)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, text)
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    const kept = text === content ? '' : ' It keeps its byte order mark and its line ends.'
    return {
      text: `${exists ? 'Replaced' : 'Made'} ${path}, ${lines} lines.${kept}`,
      diff: {
        path: full,
        newText: text,
        ...(before === undefined ? {} : { oldText: before }),
      },
    }
  },
}

/** A model does not see how lines end, nor a byte order mark: both stay as they were. */
function followFile(before: string, content: string): string {
  const hasOnlyCrlf = before.includes('\n') && !/(?<!\r)\n/.test(before)
  const text = hasOnlyCrlf ? content.replace(/\r?\n/g, '\r\n') : content
  return before.startsWith(byteOrderMark) && !text.startsWith(byteOrderMark)
    ? byteOrderMark + text
    : text
}

/** Writing to a pipe would wait for somebody to read it. */
async function requireFileOrNothing(path: string, name: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found?.isDirectory() === true) throw new ToolError(`${name} is a folder.`)
  if (found?.isFile() === false) throw new ToolError(`${name} is not a file.`)
  return found !== undefined
}

/** What will be gone, if it can be shown. */
async function readIfText(path: string, name: string): Promise<string | undefined> {
  try {
    return await readText(path, name)
  } catch (error) {
    if (error instanceof ToolError) return undefined
    throw error
  }
}
