import { z } from 'zod'
import { readText } from '../read-text.ts'
import { resolveInWorkspace } from '../workspace-path.ts'
import { type Tool, ToolError } from './tool.ts'

const defaultLines = 2000
/** Longer lines are data or generated, and cost more than they tell. */
const lineLimit = 2000

const Input = z.object({
  path: z.string().describe('Relative to the workspace.'),
  offset: z.int().min(1).optional().describe('First line to read, from 1. Default: 1.'),
  limit: z.int().min(1).optional().describe(`How many lines. Default: ${defaultLines}.`),
})

export const readFileTool: Tool<z.infer<typeof Input>> = {
  name: 'read_file',
  description:
    'Reads a text file, or lines of it. Each line comes with its number and a tab before it, which are not part of the file.',
  input: Input,
  kind: 'read',
  isReadOnly: true,
  title: ({ path, offset }) => `Read ${path}${offset === undefined ? '' : ` from line ${offset}`}`,
  path: ({ path }) => path,
  async run({ workspace, outputLimit }, { path, offset = 1, limit = defaultLines }) {
    const text = await readText(await resolveInWorkspace(workspace, path), path)
    if (text === '') return { text: '(The file is empty.)' }
    const lines = text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    if (offset > lines.length) {
      throw new ToolError(`${path} has only ${lines.length} lines.`)
    }
    const shown = numberLines(lines, offset, limit, outputLimit)
    const end = offset + shown.length - 1
    const rest =
      end < lines.length
        ? `\n(Lines ${offset} to ${end} of ${lines.length}. Read on with offset ${end + 1}.)`
        : ''
    return { text: shown.join('\n') + rest }
  },
}

/** As many lines as fit, but one at least. */
function numberLines(lines: string[], offset: number, limit: number, outputLimit: number) {
  const shown: string[] = []
  let length = 0
  for (const [at, line] of lines.slice(offset - 1, offset - 1 + limit).entries()) {
    const cut = line.length > lineLimit ? `${line.slice(0, lineLimit)}[... line cut]` : line
    const numbered = `${offset + at}\t${cut.replace(/\r$/, '')}`
    length += numbered.length + 1
    if (shown.length > 0 && length > outputLimit) break
    shown.push(numbered)
  }
  return shown
}
