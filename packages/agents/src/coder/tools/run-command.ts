import { z } from 'zod'
import { keepEnds } from '../../process/keep-ends.ts'
import { runGroup } from '../../process/run-group.ts'
import type { ToolContext, ToolResult } from './tool.ts'

const longestTimeoutS = 1200

/** How long a model says that a command may take. */
export function timeoutSeconds(defaultS: number) {
  return z.int().min(1).max(longestTimeoutS).optional().describe(`Default: ${defaultS}.`)
}

/** Runs a command with bash in the root of the workspace, and says how it ended and what it printed. */
export async function runCommand(
  { workspace, env, signal, outputLimit }: ToolContext,
  command: string,
  timeoutS: number,
): Promise<ToolResult> {
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
  const ended_by = end.timedOut ? 'time_limit' : end.code === undefined ? 'signal' : 'itself'
  return {
    text: printed === '' ? `${how} It printed nothing.` : `${how}\n${printed}`,
    ran: {
      command,
      ended_by,
      ...(end.code === undefined || end.timedOut ? {} : { exit_code: end.code }),
    },
  }
}
