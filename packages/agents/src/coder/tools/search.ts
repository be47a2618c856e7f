import { z } from 'zod'
import { runGroup } from '../../process/run-group.ts'
import { nameInWorkspace, resolveInWorkspace } from '../workspace-path.ts'
import { type Tool, type ToolContext, ToolError } from './tool.ts'

const timeoutMs = 60_000
const lineLimit = 300

const Input = z.object({
  pattern: z.string().min(1).describe('A regular expression, matched within single lines.'),
  path: z.string().optional().describe('A file or folder to search in. Default: the workspace.'),
  glob: z.string().optional().describe('Only files whose name matches, like *.ts'),
  ignore_case: z.boolean().optional(),
})
type Input = z.infer<typeof Input>

export const searchTool: Tool<Input> = {
  name: 'search',
  description: 'Searches the text of files. Gives path, line number and line of each match.',
  input: Input,
  kind: 'search',
  isReadOnly: true,
  title: ({ pattern, path }) => `Search ${pattern}${path === undefined ? '' : ` in ${path}`}`,
  async run(context, input) {
    const full = await resolveInWorkspace(context.workspace, input.path ?? '.')
    const target = nameInWorkspace(context.workspace, full)
    const found =
      (await search(context, ripgrep(input, target))) ??
      (await search(context, grep(input, target)))
    if (found === undefined) throw new ToolError('There is neither rg nor grep: use bash.')
    return { text: found === '' ? 'No matches.' : found }
  },
}

/** Leaves out what .gitignore leaves out. */
function ripgrep({ pattern, glob, ignore_case }: Input, target: string): [string, ...string[]] {
  const options = [
    '--no-config',
    '--line-number',
    '--no-heading',
    '--with-filename',
    '--color=never',
  ]
  const more = ['--hidden', '--glob=!.git', ...(ignore_case === true ? ['--ignore-case'] : [])]
  const named = glob === undefined ? [] : [`--glob=${glob}`]
  return ['rg', ...options, ...more, ...named, '-e', pattern, '--', target]
}

/** Where there is no ripgrep. Its dialect is the nearest. */
function grep({ pattern, glob, ignore_case }: Input, target: string): [string, ...string[]] {
  const skipped = ['--exclude-dir=.git', '--exclude-dir=node_modules']
  const more = ignore_case === true ? ['--ignore-case'] : []
  const named = glob === undefined ? [] : [`--include=${glob}`]
  return ['grep', '-rnIHP', ...skipped, ...more, ...named, '-e', pattern, '--', target]
}

/** @returns undefined when the program is not installed */
async function search(
  { workspace, env, signal, outputLimit }: ToolContext,
  command: [string, ...string[]],
): Promise<string | undefined> {
  const enough = new AbortController()
  let output = ''
  try {
    const end = await runGroup(command, {
      cwd: workspace,
      env,
      timeoutMs,
      signal: AbortSignal.any([signal, enough.signal]),
      onOutput(text) {
        output += text
        if (output.length > 4 * outputLimit) enough.abort()
      },
    })
    if (end.timedOut) throw new ToolError('The search took too long: search in a folder.')
    // 1 says that nothing was found. What goes wrong beside matches does not matter.
    if (end.code !== undefined && end.code > 1 && !/^.+:\d+:/m.test(output)) {
      throw new ToolError(`The search failed: ${output.trim().slice(0, 1000)}`)
    }
    return present(output, outputLimit, enough.signal.aborted)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** @param isCut whether the search was ended before its end */
function present(output: string, outputLimit: number, isCut: boolean): string {
  const shown: string[] = []
  let length = 0
  const lines = output.split('\n').filter((line) => line !== '')
  for (const line of lines) {
    const cut = line.length > lineLimit ? `${line.slice(0, lineLimit)}[... line cut]` : line
    length += cut.length + 1
    if (length > outputLimit) break
    shown.push(cut.replace(/^\.\//, ''))
  }
  if (shown.length === lines.length && !isCut) return shown.join('\n')
  return `${shown.join('\n')}\n(There are more matches: search for something narrower.)`
}
