import { connect } from '../client/connection.ts'
import { findRepository } from '../client/git-remote.ts'
import type { ChangeOptions } from '../commands/automation/change-options.ts'
import { readPrompt } from '../commands/read-prompt.ts'
import { UserError } from '../errors.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { composeTemplate } from './compose-template.ts'
import { describeNext } from './present.ts'
import { readChanges } from './read-changes.ts'

/** `errand automation create`. */
export async function createCommand(
  terminal: Terminal,
  argument: string | undefined,
  options: ChangeOptions,
): Promise<void> {
  const { signal } = terminal
  const { template, fromFile, base } = options
  const changes = readChanges(options)
  if (template !== undefined && (argument !== undefined || fromFile !== undefined)) {
    throw new UserError('Give either a prompt or --template, not both.')
  }
  if (changes.triggers === undefined && options.paused !== true) {
    throw new UserError('An automation needs a time or an event.', {
      remedy: "Give it with --cron '0 9 * * 1', --every daily --hour 9, or --on pull_request.",
    })
  }
  const client = connect(terminal)
  const params = await findRepository(options.repo, terminal.cwd)
  const prompt =
    template === undefined
      ? await readPrompt(terminal, argument, fromFile)
      : await composeTemplate(client, params, { name: template, options: {}, base }, signal)
  const name = options.name ?? template ?? firstLine(prompt)
  const created = await client.call('createAutomation', {
    params,
    body: {
      // GitHub requires it to be there.
      description: '',
      ...changes,
      name,
      prompt,
      ...(options.paused === true && { enabled: false }),
    },
    signal,
  })
  if (options.json === true) return await printJson(terminal, created)
  terminal.out(`${created.id}\n`)
  terminal.err(`${printableLine(created.name)}: ${describeNext(created)}\n`)
}

/** A name can be a hundred characters long. */
function firstLine(prompt: string): string {
  return (prompt.trim().split('\n', 1)[0] ?? '').slice(0, 100)
}
