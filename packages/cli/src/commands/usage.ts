import { UsageKey, type UsageReport } from '@errand/contract'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import { presentUsage, usageAsCsv } from '../present/usage.ts'
import { printJson } from '../terminal/json-output.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

interface UsageOptions {
  org?: string
  by: UsageKey
  since?: string
  until?: string
  csv?: boolean
  json?: boolean
}

export function addUsageCommand(program: Command, terminal: Terminal): void {
  program
    .command('usage')
    .summary('see what models have cost')
    .description(
      "Show what models have cost: your own sessions, or all of an organization's for its owners.",
    )
    .option('--org <org>', "an organization's sessions (default: yours)")
    .addOption(
      new Option('--by <key>', `what to add up by: ${UsageKey.options.join(', ')}`)
        .argParser(asKey)
        .default('model'),
    )
    .option(
      '--since <date>',
      "the first day, or like 30d (default: the first of the last day's month)",
      asDay,
    )
    .option('--until <date>', 'the last day (default: today)', asDay)
    .addOption(new Option('--csv', 'print it as CSV').conflicts('json'))
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      examples(
        'errand usage --since 30d --by day',
        'errand usage --org acme --by user --csv > usage.csv',
      ),
    )
    .action((options: UsageOptions) => usage(terminal, options))

  /** As the commands of `errand` call it elsewhere, too. */
  function asKey(text: string): UsageKey {
    const key = UsageKey.safeParse(text === 'repo' ? 'repository' : text)
    if (key.success) return key.data
    throw new InvalidArgumentError(`Allowed choices are ${UsageKey.options.join(', ')}.`)
  }

  function asDay(text: string): string {
    const days = /^(\d{1,4})d$/.exec(text)?.[1]
    if (days !== undefined) {
      const time = terminal.now().getTime() - Number(days) * 24 * 3_600_000
      return new Date(time).toISOString().slice(0, 10)
    }
    if (z.iso.date().safeParse(text).success) return text
    throw new InvalidArgumentError('It must be a date like 2026-11-01, or like 30d.')
  }
}

async function usage(terminal: Terminal, options: UsageOptions): Promise<void> {
  const report = await beyondGitHub('add up usage', ask(terminal, options))
  if (options.json) return printJson(terminal, report)
  if (options.csv) return terminal.out(usageAsCsv(report))
  terminal.out(`${presentUsage(report, terminal.paint, terminal.columns)}\n`)
}

async function ask(terminal: Terminal, options: UsageOptions): Promise<UsageReport> {
  const { org, by, since, until } = options
  const query = { by, ...(since && { since }), ...(until && { until }) }
  const client = connect(terminal)
  const { signal } = terminal
  return org === undefined
    ? await client.call('getUsage', { params: {}, query, signal })
    : await client.call('getOrganizationUsage', { params: { org }, query, signal })
}
