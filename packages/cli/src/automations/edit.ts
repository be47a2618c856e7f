import type { UpdateAutomation } from '@errand/contract'
import type { ChangeOptions } from '../commands/automation/change-options.ts'
import { readPrompt } from '../commands/read-prompt.ts'
import { UserError } from '../errors.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { findAutomation } from './find-automation.ts'
import { describeNext } from './present.ts'
import { readChanges } from './read-changes.ts'

/** `errand automation edit`: of what was just read, so that nobody's change in between is lost. */
export async function editCommand(
  terminal: Terminal,
  text: string,
  options: ChangeOptions,
): Promise<void> {
  const { prompt: argument, fromFile } = options
  const isPrompted = argument !== undefined || fromFile !== undefined
  const prompt = isPrompted ? await readPrompt(terminal, argument, fromFile) : undefined
  const changes = { ...readChanges(options), ...(prompt !== undefined && { prompt }) }
  if (Object.keys(changes).length === 0) {
    throw new UserError('Say what is to be changed.', {
      remedy: 'errand automation edit --help lists it.',
    })
  }
  await change(terminal, text, options, changes)
}

/** `errand automation pause` and `resume`. */
export async function switchCommand(
  terminal: Terminal,
  text: string,
  options: { repo?: string },
  enabled: boolean,
): Promise<void> {
  await change(terminal, text, options, { enabled })
}

async function change(
  terminal: Terminal,
  text: string,
  { repo, json }: { repo?: string; json?: boolean },
  changes: UpdateAutomation,
): Promise<void> {
  const { client, params, summary } = await findAutomation(terminal, text, repo)
  const changed = await client.call('updateAutomation', {
    params,
    body: { ...changes, expected_revision_id: summary.current_revision_id },
    signal: terminal.signal,
  })
  if (json === true) return await printJson(terminal, changed)
  terminal.out(`${printableLine(changed.name)}: ${describeNext(changed)}\n`)
}

/** `errand automation delete`. */
export async function deleteCommand(
  terminal: Terminal,
  text: string,
  { repo, yes }: { repo?: string; yes?: boolean },
): Promise<void> {
  const { client, params, summary } = await findAutomation(terminal, text, repo)
  if (yes !== true) {
    if (!terminal.canAsk) {
      throw new UserError('Deleting an automation has to be confirmed.', { remedy: 'Add --yes.' })
    }
    const question = `Delete ${printableLine(summary.name)} and its history? [y/N] `
    if (!/^y(es)?$/i.test((await terminal.ask(question)).trim())) return
  }
  await client.call('deleteAutomation', { params, signal: terminal.signal })
  terminal.out(`${printableLine(summary.name)}: deleted\n`)
}
