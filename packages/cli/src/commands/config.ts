import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { EffectiveConfiguration } from '@errand/contract'
import type { Command } from 'commander'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import {
  type ConfigurationDocument,
  pathOf,
  deleteFields,
  readDocument,
  type Target,
  writeDocument,
} from '../configuration/document.ts'
import { describeChange, show } from '../configuration/describe-change.ts'
import { UserError } from '../errors.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

interface Options extends Target {
  json?: boolean
}

export function addConfigCommand(program: Command, terminal: Terminal): void {
  const config = program
    .command('config')
    .summary('see and change what agents may do in repositories')
    .description('The configuration of repositories and organizations: what agents may do there.')
    .helpCommand(false)
  const add = (name: string, summary: string) =>
    config
      .command(name)
      .summary(summary)
      .option('-R, --repo <owner/name>', 'the repository (default: that of this checkout)')
      .option('--org <org>', "the organization's defaults and enforced values instead")
      .option('--json', 'print it as JSON')

  add('get', 'show a configuration')
    .description('Show what holds in a repository; on Errand and on GitHub.')
    .option('--effective', 'show who says so, and what each setting does')
    .addHelpText(
      'after',
      examples('errand config get -R acme/shop', 'errand config get -R acme/shop --effective'),
    )
    .action((options: Options & { effective?: boolean }) => get(terminal, options))
  add('set', 'change fields of a configuration')
    .description('Change fields: field=value, list+=entry, list-=entry. Values are YAML.')
    .argument('<assignment...>', 'what to change; field=@file takes the value from a file')
    .addHelpText(
      'after',
      examples(
        'errand config set is_firewall_enabled=true custom_allowlist+=packages.example.com',
        'errand config set -R acme/shop mcp_configuration=@mcp.json enabled_tools.codeql=true',
        'errand config set --org acme enforced.is_firewall_enabled=true',
      ),
    )
    .action((assignments: string[], options: Options) => set(terminal, assignments, options))
  add('unset', 'take back fields of a configuration')
    .description(
      'Take back what a repository says of fields, so that others say it again; without a field, of all of them.',
    )
    .argument('[field...]', 'like is_firewall_enabled or enabled_tools.codeql')
    .addHelpText(
      'after',
      examples(
        'errand config unset -R acme/shop custom_allowlist enabled_tools.codeql',
        'errand config unset -R acme/shop --all',
        'errand config unset --org acme enforced.is_firewall_enabled',
      ),
    )
    .option('--all', 'all that the repository says')
    .action((fields: string[], options: Options & { all?: boolean }) =>
      unset(terminal, fields, options),
    )
  add('edit', 'change a configuration in your editor')
    .description('Change a configuration in your editor (VISUAL, EDITOR, or vi).')
    .addHelpText('after', examples('errand config edit -R acme/shop'))
    .action((options: Options) => editInEditor(terminal, options))
}

async function get(terminal: Terminal, options: Options & { effective?: boolean }): Promise<void> {
  const client = connect(terminal)
  if (options.effective === true) {
    if (options.org !== undefined) throw new UserError('--effective is about a repository: -R.')
    const { path } = await pathOf(terminal, options)
    const { signal } = terminal
    const asked = client.request('GET', `${path}/effective-config`, { signal })
    const response = await beyondGitHub('tell who says what', asked)
    return await printEffective(
      terminal,
      (await response.json()) as EffectiveConfiguration,
      options,
    )
  }
  const { values } = await readDocument(terminal, client, options)
  await print(terminal, values, options)
}

async function set(terminal: Terminal, assignments: string[], options: Options): Promise<void> {
  const { assign } = await import('../configuration/assign.ts')
  const client = connect(terminal)
  const document = await readDocument(terminal, client, options)
  const values = assignments.reduce(
    (before, assignment) => assign(before, assignment, (path) => readText(terminal, path)),
    document.values,
  )
  await write(terminal, document, values, options)
}

async function unset(
  terminal: Terminal,
  fields: string[],
  options: Options & { all?: boolean },
): Promise<void> {
  if ((fields.length === 0) !== (options.all === true)) {
    throw new UserError('Name the fields to take back, or give --all.')
  }
  const client = connect(terminal)
  const document = await readDocument(terminal, client, options)
  if (options.org !== undefined) {
    if (options.all === true) throw new UserError('--all is about a repository: -R.')
    const { leaveOut } = await import('../configuration/leave-out.ts')
    return await write(terminal, document, fields.reduce(leaveOut, document.values), options)
  }
  const after = await deleteFields(terminal, client, document, fields)
  if (options.json === true) return await printJson(terminal, after)
  const lines = describeChange(terminal.paint, document.values, after)
  if (lines.length === 0) terminal.err('Others say the same: what holds is not different.\n')
  else terminal.out(`${printableLine(document.name)}\n${lines.map((line) => `${line}\n`).join('')}`)
}

async function editInEditor(terminal: Terminal, options: Options): Promise<void> {
  const { edit } = await import('../configuration/edit.ts')
  const document = await readDocument(terminal, connect(terminal), options)
  const heading = `The configuration of ${document.name}. Save it to change it; leave it as it is to change nothing.`
  await edit(terminal, heading, document.values, (values = document.values) =>
    write(terminal, document, values, options),
  )
}

async function write(
  terminal: Terminal,
  document: ConfigurationDocument,
  values: Record<string, unknown>,
  options: Options,
): Promise<void> {
  if (describeChange(terminal.paint, document.values, values).length === 0) {
    terminal.err('Nothing is different: nothing was changed.\n')
    return
  }
  const after = await writeDocument(terminal, connect(terminal), document, values)
  if (options.json === true) return await printJson(terminal, after)
  const lines = describeChange(terminal.paint, document.values, after)
  terminal.out(`${printableLine(document.name)}\n${lines.map((line) => `${line}\n`).join('')}`)
}

async function print(
  terminal: Terminal,
  values: Record<string, unknown>,
  { json }: Options,
): Promise<void> {
  if (json === true) return await printJson(terminal, values)
  const rows = Object.entries(values).map(([field, value]) => [field, show(value)])
  terminal.out(`${rows.map(([field, value]) => `${field}: ${value}`).join('\n')}\n`)
}

async function printEffective(
  terminal: Terminal,
  effective: EffectiveConfiguration,
  { json }: Options,
): Promise<void> {
  if (json === true) return await printJson(terminal, effective)
  const rows = Object.entries(effective.settings).map(([field, setting]) => [
    `${field}: ${show(setting.value)}`,
    `${setting.source}${setting.is_enforced ? ', enforced' : ''}`,
    printableLine(setting.effect),
  ])
  const isEnabled = effective.is_agent_enabled ? 'may be used' : 'may not be used'
  terminal.out(`Agents ${isEnabled} here.\n\n`)
  const text = terminal.isInteractive
    ? formatTable(rows, Math.max(terminal.columns, 160))
    : rows.map((row) => row.join('\t')).join('\n')
  terminal.out(`${text}\n`)
}

function readText({ cwd }: Terminal, path: string): string {
  try {
    return readFileSync(resolve(cwd, path), 'utf8')
  } catch (cause) {
    throw new UserError(`${path} cannot be read.`, { cause })
  }
}
