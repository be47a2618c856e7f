import { z } from 'zod'
import { keepEnds } from '../../process/keep-ends.ts'
import { runGroup } from '../../process/run-group.ts'
import type { Tool } from './tool.ts'

const defaultTimeoutS = 120
const longestTimeoutS = 1200

const Input = z.object({
  command: z.string().min(1),
  timeout_seconds: z
    .int()
    .min(1)
    .max(longestTimeoutS)
    .optional()
    .describe(`Default: ${defaultTimeoutS}.`),
})

export const bashTool: Tool<z.infer<typeof Input>> = {
  name: 'bash',
  description:
    'Runs a command with bash in the root of the workspace, and gives its exit code and what it printed. Each call is a new shell. There is no terminal and no input. What is left running is ended with the command. Of long output the middle is left out.',
  input: Input,
  kind: 'execute',
  title: ({ command }) => command,
  async run({ workspace, env, signal, outputLimit }, { command, timeout_seconds }) {
    const timeoutS = timeout_seconds ?? defaultTimeoutS
    const output = keepEnds(outputLimit)
    // One stream for both outputs keeps their order.
    const end = await runGroup(['bash', '-c', 'exec bash -c "$0" 2>&1', command], {
      cwd: workspace,
      env,
      signal,
      timeoutMs: timeoutS * 1000,
      onOutput: output.add,
    })
    signal.throwIfAborted()
    const printed = output.text().trimEnd()
    const how = end.timedOut
      ? `Stopped after ${timeoutS} seconds, its time limit.`
      : end.code === undefined
        ? 'Ended by a signal.'
        : `Exit code ${end.code}.`
    return { text: printed === '' ? `${how} It printed nothing.` : `${how}\n${printed}` }
  },
}
