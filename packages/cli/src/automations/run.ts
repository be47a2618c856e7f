import { setTimeout as delay } from 'node:timers/promises'
import type { AutomationRun, Client } from '@errand/contract'
import { Exit, exitCodes, UserError } from '../errors.ts'
import { exitCodeOf, followTask } from '../follow-task.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { findAutomation, type FoundAutomation } from './find-automation.ts'

/** `errand automation run`. */
export async function runCommand(
  terminal: Terminal,
  text: string,
  options: { repo?: string; wait?: boolean; json?: boolean },
): Promise<void> {
  const { signal } = terminal
  const found = await findAutomation(terminal, text, options.repo)
  const { client, params } = found
  const accepted = await client.call('runAutomation', {
    params,
    // Errand would do without; GitHub requires it.
    body: { event: 'manual' },
    signal,
  })
  if (options.json === true) await printJson(terminal, accepted)
  else terminal.out(`${printableLine(found.summary.name)}: it runs.\n`)
  if (options.wait !== true) return
  const run = await untilBegun(client, found.params, accepted.run_id, signal)
  if (run.task_id === undefined) {
    terminal.err(`${printableLine(run.reason ?? run.status)}\n`)
    throw new Exit(exitCodes.failed)
  }
  const quiet: Terminal = { ...terminal, out: () => undefined }
  const ended = await followTask(options.json === true ? quiet : terminal, client, run.task_id)
  if (ended.state !== 'completed') throw new Exit(exitCodeOf(ended.state))
}

const pollMs = 500

/** The run when it has its task, or never will. */
async function untilBegun(
  client: Client,
  params: FoundAutomation['params'],
  runId: string,
  signal: AbortSignal,
): Promise<AutomationRun> {
  if (runId === undefined) {
    // GitHub acknowledges a run without naming it.
    throw new UserError('--wait needs a server that tells of its runs: GitHub does not.')
  }
  for (;;) {
    const { runs } = await client.call('listAutomationRuns', { params, signal })
    const run = runs.find(({ id }) => id === runId)
    if (run !== undefined && run.status !== 'due') return run
    await delay(pollMs, undefined, { signal })
  }
}
