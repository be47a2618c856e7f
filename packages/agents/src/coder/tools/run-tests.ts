import { z } from 'zod'
import { findChecks } from '../checks/find-checks.ts'
import { runCommand, timeoutSeconds } from './run-command.ts'
import { type Tool, ToolError } from './tool.ts'

const defaultTimeoutS = 600

const Input = z.object({
  command: z.string().min(1).describe('One of those that were found, exactly.'),
  arguments: z
    .array(z.string())
    .max(20)
    .optional()
    .describe('More arguments for it, like the name of one test file. Not run by a shell.'),
  timeout_seconds: timeoutSeconds(defaultTimeoutS),
})
type Input = z.infer<typeof Input>

export const runTestsTool: Tool<Input> = {
  name: 'run_tests',
  description:
    "Runs one of the repository's own tests or checks that were found in it, and gives the exit code and what it printed. Run them before you change something, if they are quick, and after.",
  input: Input,
  kind: 'execute',
  title: (input) => lineOf(input),
  shown: (input) => ({ command: lineOf(input) }),
  async run(context, input) {
    const found = await findChecks(context.workspace)
    if (!found.some(({ command }) => command === input.command)) {
      throw new ToolError(
        noSuchCheck(
          input.command,
          found.map(({ command }) => command),
        ),
      )
    }
    return runCommand(context, lineOf(input), input.timeout_seconds ?? defaultTimeoutS)
  },
}

function noSuchCheck(command: string, found: string[]): string {
  if (found.length === 0) {
    return 'No tests were found in the repository: run what there is with bash.'
  }
  return `${JSON.stringify(command)} is not one of the commands that were found: ${found.map((one) => JSON.stringify(one)).join(', ')}. Use bash for others.`
}

function lineOf({ command, arguments: more = [] }: Input): string {
  if (more.length === 0) return command
  const isNpm = /(^|&& )npm (run )?\S+$/.test(command)
  return [command, ...(isNpm ? ['--'] : []), ...more.map(quote)].join(' ')
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
