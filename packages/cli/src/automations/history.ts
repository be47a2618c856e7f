import type { AutomationRun } from '@errand/contract'
import { beyondGitHub } from '../client/beyond-github.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { findAutomation } from './find-automation.ts'
import { formatTime } from './present.ts'

/** `errand automation history`. */
export async function historyCommand(
  terminal: Terminal,
  text: string,
  options: { repo?: string; limit: number; json?: boolean },
): Promise<void> {
  const { signal } = terminal
  const { client, params, summary } = await findAutomation(terminal, text, options.repo)
  const runs: AutomationRun[] = []
  for (let page = 1; runs.length < options.limit; page += 1) {
    const query = { per_page: Math.min(options.limit, 100), page }
    const call = client.call('listAutomationRuns', { params, query, signal })
    const found = await beyondGitHub('tell the history of an automation', call)
    runs.push(...found.runs)
    if (found.runs.length < query.per_page) break
  }
  const shown = runs.slice(0, options.limit)
  if (options.json === true) return await printJson(terminal, shown)
  if (shown.length === 0) return terminal.err('It has not run yet.\n')
  const zone = summary.triggers.cron?.time_zone
  const rows = shown.map((run) => [
    formatTime(run.scheduled_for ?? run.created_at, zone),
    run.event,
    run.status,
    run.task_id ?? '',
    printableLine(run.reason ?? (run.actor === undefined ? '' : `by ${run.actor.login}`)),
  ])
  terminal.out(
    terminal.isInteractive
      ? `${formatTable([['TIME', 'EVENT', 'STATUS', 'TASK', 'REASON'], ...rows], terminal.columns)}\n`
      : rows.map((row) => `${row.join('\t')}\n`).join(''),
  )
}
