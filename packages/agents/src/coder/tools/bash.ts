import { z } from 'zod'
import { runCommand, timeoutSeconds } from './run-command.ts'
import type { Tool } from './tool.ts'

const defaultTimeoutS = 120

const Input = z.object({
  command: z.string().min(1),
  timeout_seconds: timeoutSeconds(defaultTimeoutS),
})

export const bashTool: Tool<z.infer<typeof Input>> = {
  name: 'bash',
  description:
    'Runs a command with bash in the root of the workspace, and gives its exit code and what it printed. Each call is a new shell. There is no terminal and no input. What is left running is ended with the command, but not what is started in a session of its own, like a server for a browser: `setsid node server.js >/tmp/server.log 2>&1 &`. Of long output the middle is left out.',
  input: Input,
  kind: 'execute',
  title: ({ command }) => command,
  run: (context, { command, timeout_seconds }) =>
    runCommand(context, command, timeout_seconds ?? defaultTimeoutS),
}
