import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { applyEdit } from '../edit/apply-edit.ts'
import { readText } from '../read-text.ts'
import { resolveInWorkspace } from '../workspace-path.ts'
import type { Tool } from './tool.ts'

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
    'Replaces a text in a file. The text must occur exactly once, so take enough lines around the place; or all occurrences are replaced. Whole lines that differ only in indentation or in white space at their ends are found too.',
  input: Input,
  kind: 'edit',
  title: ({ path }) => `Edit ${path}`,
  path: ({ path }) => path,
  async run({ workspace }, { path, old_text, new_text, replace_all = false }) {
    const full = await resolveInWorkspace(workspace, path)
    const before = await readText(full, path)
    const edit = { path, oldText: old_text, newText: new_text, replacesAll: replace_all }
    const { text: after, report } = applyEdit(before, edit)
    await writeFile(full, after)
    return { text: report, diff: { path: full, oldText: before, newText: after } }
  },
}
