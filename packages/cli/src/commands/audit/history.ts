import type { PolicyDeviation } from '@errand/contract'
import type { Command } from 'commander'
import { beyondGitHub } from '../../client/beyond-github.ts'
import { connect } from '../../client/connection.ts'
import { UserError } from '../../errors.ts'
import { printJson } from '../../terminal/json-output.ts'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'

interface HistoryOptions {
  org: string
  repo?: string
  all?: boolean
  json?: boolean
}

export function addHistoryCommand(audit: Command, terminal: Terminal): void {
  audit
    .command('history')
    .summary('say since when repositories deviate, and by whom')
    .description(
      "Show where an organization's repositories are not as the policy of the server wants them: since when, and whose change it was. The server keeps this history while `policy.file` is set.",
    )
    .requiredOption('--org <org>', 'the organization; you must be an owner of it')
    .option('--repo <owner/repo>', 'of one repository')
    .option('--all', 'also what was put right since')
    .option('--json', 'print them as JSON')
    .addHelpText('after', examples('errand audit history --org acme --all'))
    .action((options: HistoryOptions) => history(terminal, options))
}

async function history(terminal: Terminal, options: HistoryOptions): Promise<void> {
  const { org, repo, all, json } = options
  const pages = connect(terminal).pages('listPolicyDeviations', {
    params: { org },
    query: {
      per_page: 100,
      state: all ? 'all' : 'open',
      ...(repo !== undefined && { repository: repo }),
    },
    signal: terminal.signal,
  })
  const found: PolicyDeviation[] = []
  async function readAll(): Promise<boolean> {
    let isWatched = false
    for await (const page of pages) {
      isWatched = page.is_watched
      found.push(...page.deviations)
    }
    return isWatched
  }
  if (!(await beyondGitHub('keep a history', readAll()))) {
    throw new UserError('This server has no policy, and so keeps no history.', {
      remedy: 'Set policy.file in its settings.',
    })
  }
  if (json) return printJson(terminal, found)
  if (found.length === 0) return terminal.err('Nothing deviates.\n')
  for (const deviation of found) terminal.out(`${present(terminal, deviation)}\n`)
}

function present({ paint }: Terminal, deviation: PolicyDeviation): string {
  const { repository, rule, severity, message, since, ended_at: endedAt } = deviation
  const style = endedAt !== null ? 'dim' : severity === 'error' ? 'red' : 'yellow'
  const began = `since ${since.slice(0, 16)}Z${by(deviation.since_cause, deviation.since_by)}`
  const ended =
    endedAt === null
      ? ''
      : `, until ${endedAt.slice(0, 16)}Z${by(deviation.ended_cause, deviation.ended_by)}`
  return [
    `${paint(style, `${severity} ${printableLine(rule)}`)}  ${printableLine(repository)}`,
    `  ${printableLine(message)}`,
    paint('dim', `  ${began}${ended}`),
  ].join('\n')
}

function by(kind: PolicyDeviation['ended_cause'], cause: PolicyDeviation['since_by']): string {
  if (kind === 'policy') return ' (the policy was changed)'
  if (cause === null) return ' (by whom is not known)'
  return ` by ${printableLine(cause.actor)} (audit log ${cause.audit_entry})`
}
