import type { AuditEntry } from '@errand/contract'
import type { AuditLogRow } from '@errand/core'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AuditScope, readEntries, rowOf } from '../audit-log/entries.ts'
import { connect } from '../client/connection.ts'
import { Exit, exitCodes } from '../errors.ts'
import { printJson } from '../terminal/json-output.ts'
import { printable, printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { parseCount } from './parse-count.ts'

interface ListOptions {
  org?: string
  phrase?: string
  limit: number
  json?: boolean
}

export function addAuditLogCommand(program: Command, terminal: Terminal): void {
  const log = program
    .command('audit-log')
    .summary('see who changed what agents may do')
    .description('The log of who changed what agents may do. Nobody can change it unseen.')
    .helpCommand(false)
  const org = () => new Option('--org <org>', "an organization's entries (default: all)")
  const phrase = () => new Option('--phrase <phrase>', 'action:, actor:, repo:, created:')
  log
    .command('list')
    .summary('list the entries')
    .description('List entries, the latest first.')
    .addOption(org())
    .addOption(phrase())
    .option('-L, --limit <number>', 'how many at most', parseCount, 30)
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      examples("errand audit-log list --org acme --phrase 'actor:ann created:>=2026-11-01'"),
    )
    .action((options: ListOptions) => list(terminal, options))
  log
    .command('export')
    .summary('print the entries as JSON lines')
    .description('Print every entry as a line of JSON, the oldest first.')
    .addOption(org())
    .addOption(phrase())
    .addHelpText('after', examples('errand audit-log export > audit.jsonl'))
    .action((options: Omit<AuditScope, 'order'>) => exportAll(terminal, options))
  log
    .command('verify')
    .summary('find out whether an entry was changed')
    .description(
      'Check the whole chain of entries, here and not on the server. Exit code 0: nothing was changed, taken out or put in; 1: something was.',
    )
    .addOption(
      new Option('--expect <number:hash>', 'the head that an earlier check ended with').argParser(
        parseHead,
      ),
    )
    .option('--config <file>', "read the database that a server's settings name, not its API")
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      examples('errand audit-log verify', 'errand audit-log verify --config errand.yml'),
    )
    .action((options: VerifyOptions) => verify(terminal, options))
}

interface VerifyOptions {
  expect?: Head
  config?: string
  json?: boolean
}

interface Head {
  number: number
  hash: string
}

function parseHead(text: string): Head {
  const [, number, hash = ''] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? []
  if (number !== undefined) return { number: Number(number), hash }
  throw new InvalidArgumentError('It is NUMBER:HASH, as `verify` prints it.')
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const entries: AuditEntry[] = []
  const scope = { ...options, order: 'desc' } as const
  for await (const entry of readEntries(connect(terminal), scope, terminal.signal)) {
    entries.push(entry)
    if (entries.length === options.limit) break
  }
  if (options.json === true) return await printJson(terminal, entries)
  if (entries.length === 0) terminal.err('There are no such entries.\n')
  for (const entry of entries) terminal.out(`${describe(entry)}\n`)
}

function describe(entry: AuditEntry): string {
  const time = new Date(entry['@timestamp']).toISOString()
  const about = entry.repo ?? entry.org ?? ''
  const change = `${JSON.stringify(entry.data.before)} -> ${JSON.stringify(entry.data.after)}`
  return [time, entry.actor, entry.action, about, change].map(printableLine).join('  ')
}

async function exportAll(terminal: Terminal, options: Omit<AuditScope, 'order'>): Promise<void> {
  const scope = { ...options, order: 'asc' } as const
  for await (const entry of readEntries(connect(terminal), scope, terminal.signal)) {
    const text = JSON.stringify(entry)
    terminal.out(`${terminal.isInteractive ? printable(text) : text}\n`)
  }
}

async function verify(terminal: Terminal, { expect, config, json }: VerifyOptions): Promise<void> {
  const { verifyChain } = await import('@errand/core')
  const rows = config === undefined ? askedRows(terminal) : storedRows(terminal, config)
  const outcome = await verifyChain(rows, expect)
  if (json === true) await printJson(terminal, outcome)
  else if (outcome.ok) {
    const { number, hash } = outcome.head
    terminal.out(`${number} entries, none changed. Head: ${number}:${hash}\n`)
  } else terminal.out(`Entry ${outcome.number} ${outcome.problem}.\n`)
  if (!outcome.ok) throw new Exit(exitCodes.failed)
}

async function* askedRows(terminal: Terminal): AsyncGenerator<AuditLogRow> {
  const scope = { order: 'asc' } as const
  for await (const entry of readEntries(connect(terminal), scope, terminal.signal)) {
    yield rowOf(entry)
  }
}

/** Where a GitHub is the forge nobody administers the server by its API: who has its database does. */
async function* storedRows(terminal: Terminal, config: string): AsyncGenerator<AuditLogRow> {
  const { readStoredEntries } = await import('../audit-log/stored-entries.ts')
  yield* readStoredEntries(terminal, config)
}
