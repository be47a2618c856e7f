import type { AutomationSummary, Client } from '@errand/contract'
import { findRepository, type RepositoryName } from '../client/git-remote.ts'
import { connect } from '../client/connection.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface FoundAutomation {
  client: Client
  params: RepositoryName & { automation_id: string }
  summary: AutomationSummary
}

/**
 * The automation a user means by an id, the beginning of one, or a name.
 *
 * @throws UserError when there is none, or several
 */
export async function findAutomation(
  terminal: Terminal,
  text: string,
  given: string | undefined,
): Promise<FoundAutomation> {
  const client = connect(terminal)
  const name = await findRepository(given, terminal.cwd)
  const all = await listOfRepository(client, name, terminal.signal)
  const matches = [
    all.filter(({ id }) => id === text),
    all.filter((one) => one.name === text),
    all.filter(({ id }) => /^[0-9a-f-]{4,}$/.test(text) && id.startsWith(text)),
    all.filter((one) => one.name.toLowerCase().includes(text.toLowerCase())),
  ]
  const found = matches.find((some) => some.length > 0) ?? []
  const [summary] = found
  const where = `${name.owner}/${name.repo}`
  if (summary === undefined) {
    throw new UserError(`${where} has no automation ${JSON.stringify(text)}.`, {
      remedy: `See errand automation list -R ${where}.`,
    })
  }
  if (found.length > 1) {
    throw new UserError(`${where} has ${found.length} automations that could be meant.`, {
      remedy: `Say which by its id: ${found.map(({ id }) => id.slice(0, 8)).join(', ')}.`,
    })
  }
  return { client, params: { ...name, automation_id: summary.id }, summary }
}

export async function listOfRepository(
  client: Client,
  params: RepositoryName,
  signal: AbortSignal,
): Promise<AutomationSummary[]> {
  const all: AutomationSummary[] = []
  const query = { per_page: 100 }
  for await (const page of client.pages('listAutomationsForRepo', { params, query, signal })) {
    all.push(...page.automations)
  }
  return all
}
