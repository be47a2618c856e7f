import type { AutomationSummary } from '@errand/contract'
import { connect } from '../client/connection.ts'
import { parseRepository } from '../client/git-remote.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { findAutomation, listOfRepository } from './find-automation.ts'
import { describeNext, describeTriggers, presentAutomation } from './present.ts'

/** `errand automation list`. */
export async function listCommand(
  terminal: Terminal,
  { repo, json }: { repo?: string; json?: boolean },
): Promise<void> {
  const client = connect(terminal)
  const { signal } = terminal
  const all: AutomationSummary[] = []
  if (repo !== undefined)
    all.push(...(await listOfRepository(client, parseRepository(repo), signal)))
  else {
    const input = { params: {}, query: { per_page: 100 }, signal }
    for await (const page of client.pages('listAutomations', input)) all.push(...page.automations)
  }
  if (json === true) return await printJson(terminal, all)
  if (all.length === 0) return terminal.err('No automations.\n')
  const rows = all.map((one) => [
    printableLine(one.name),
    terminal.isInteractive ? one.id.slice(0, 8) : one.id,
    printableLine(one.repository.full_name),
    describeTriggers(one.triggers),
    describeNext(one),
  ])
  terminal.out(
    terminal.isInteractive
      ? `${formatTable([['NAME', 'ID', 'REPOSITORY', 'WHEN', 'NEXT'], ...rows], terminal.columns)}\n`
      : rows.map((row) => `${row.join('\t')}\n`).join(''),
  )
}

/** `errand automation view`. */
export async function viewCommand(
  terminal: Terminal,
  text: string,
  { repo, json }: { repo?: string; json?: boolean },
): Promise<void> {
  const { client, params } = await findAutomation(terminal, text, repo)
  const automation = await client.call('getAutomation', { params, signal: terminal.signal })
  if (json === true) return await printJson(terminal, automation)
  terminal.out(`${presentAutomation(automation)}\n`)
}
