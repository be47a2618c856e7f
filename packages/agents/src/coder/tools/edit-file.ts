import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { readText } from '../read-text.ts'
import { resolveInWorkspace } from '../workspace-path.ts'
import { type Tool, ToolError } from './tool.ts'

const Input = z.object({
  path: z.string().describe('Relative to the workspace.'),
  old_text: z
    .string()
    .min(1)
    .describe('The text to replace, exactly as it is in the file, without line numbers.'),
  new_text: z.string().describe('What takes its place.'),
  replace_all: z.boolean().optional().describe('Replace each occurrence. Default: there is one.'),
})

export const editFileTool: Tool<z.infer<typeof Input>> = {
  name: 'edit_file',
  description:
    'Replaces a text in a file. The text must occur exactly once, so take enough lines around the place; or all occurrences are replaced.',
  input: Input,
  kind: 'edit',
  title: ({ path }) => `Edit ${path}`,
  path: ({ path }) => path,
  async run({ workspace }, { path, old_text, new_text, replace_all = false }) {
    const full = await resolveInWorkspace(workspace, path)
    const before = await readText(full, path)
    // Models write line feeds; a file that has other line ends keeps its own.
    const native = (text: string) =>
      before.includes('\r\n') ? text.replace(/\r?\n/g, '\r\n') : text
    const oldText = native(old_text)
    const newText = native(new_text)
    if (oldText === newText) throw new ToolError('old_text and new_text are the same.')
    const parts = before.split(oldText)
    const count = parts.length - 1
    if (count === 0) throw new ToolError(notFound(before, old_text, path))
    if (count > 1 && !replace_all) throw new ToolError(ambiguous(parts, oldText, path))
    const after = parts.join(newText)
    await writeFile(full, after)
    const line = lineAt(parts[0] ?? '')
    const where = count === 1 ? `at line ${line}` : `in ${count} places, the first at line ${line}`
    return {
      text: `Replaced ${where} of ${path}.`,
      diff: { path: full, oldText: before, newText: after },
    }
  },
}

function ambiguous(parts: string[], oldText: string, path: string): string {
  const lines: number[] = []
  let before = ''
  for (const part of parts.slice(0, -1)) {
    before += part
    lines.push(lineAt(before))
    before += oldText
  }
  const shown = lines.slice(0, 10).join(', ')
  return `old_text occurs ${lines.length} times in ${path}, at lines ${shown}: take more of the lines around the one you mean, or set replace_all.`
}

/** Says where the text is but for its spaces, which is what models most often get wrong. */
function notFound(text: string, wanted: string, path: string): string {
  const squeeze = (line: string) => line.replace(/^\d+\t/, '').replace(/\s+/g, '')
  const wantedLines = wanted.split('\n').map(squeeze)
  const first = wantedLines.findIndex((line) => line !== '')
  const lines = text.split('\n').map((line) => line.replace(/\s+/g, ''))
  const at = lines.findIndex((_, start) =>
    wantedLines.slice(first).every((line, offset) => lines[start + offset] === line),
  )
  if (first === -1 || at === -1) {
    return `old_text is not in ${path}. Read the file again: it may have changed, or the text may be elsewhere.`
  }
  return `old_text is not in ${path}, but line ${at + 1} and on differ from it only in spaces or line numbers: copy the text exactly as it is there.`
}

function lineAt(before: string): number {
  return before.split('\n').length
}
