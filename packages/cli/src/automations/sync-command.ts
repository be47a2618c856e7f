import { connect } from '../client/connection.ts'
import { findRepository } from '../client/git-remote.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { carryOut, planSync, type Step } from './sync.ts'

/** `errand automation sync`. */
export async function syncCommand(
  terminal: Terminal,
  options: { repo?: string; dryRun?: boolean; json?: boolean },
): Promise<void> {
  const client = connect(terminal)
  const params = await findRepository(options.repo, terminal.cwd)
  const steps = await planSync(client, params, terminal.signal)
  for (const step of steps) {
    if (options.dryRun !== true) await carryOut(client, params, step, terminal.signal)
    if (options.json !== true) terminal.out(`${describe(step)}\n`)
  }
  if (options.json === true) return await printJson(terminal, steps.map(summarise))
  if (steps.length === 0) terminal.err('There are no files in .github/errand/automations.\n')
}

function describe(step: Step): string {
  const { action, name, detail } = summarise(step)
  const text = `${action.padEnd(7)} ${printableLine(name)}`
  return detail === undefined ? text : `${text} (${printableLine(detail)})`
}

function summarise(step: Step): { action: Step['action']; name: string; detail?: string } {
  const { action, name } = step
  if (step.action === 'update')
    return { action, name, detail: Object.keys(step.changes).join(', ') }
  if (step.action === 'keep' && step.note !== undefined) return { action, name, detail: step.note }
  return { action, name }
}
