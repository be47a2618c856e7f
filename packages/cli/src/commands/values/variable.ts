import { type AgentVariable, AnswerError } from '@errand/contract'
import type { Command } from 'commander'
import { printJson } from '../../terminal/json-output.ts'
import { printable, printableLine } from '../../terminal/printable.ts'
import { formatTable } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { listAll, placeOf, reachOf } from '../../values/place.ts'
import { readValues } from '../../values/read-values.ts'
import {
  addBelow,
  addDelete,
  addList,
  addSet,
  type ListOptions,
  type SetOptions,
} from './options.ts'

/** Variables of agents, on Errand and on GitHub. */
export function addVariableCommand(program: Command, terminal: Terminal): void {
  const variable = program
    .command('variable')
    .summary('set, list, show and delete variables that agents are given')
    .description("Variables of a repository's agents, or of an organization's.")
    .helpCommand(false)
  addSet(
    addBelow(
      variable,
      'set',
      'set variables',
      'errand variable set MODE --body fast',
      'errand variable set -R acme/shop --env-file agents.env',
      'errand variable set REGION --org acme --visibility all --body eu',
    ),
    (name, options) => set(terminal, name, options),
  )
  addList(
    addBelow(variable, 'list', 'list variables', 'errand variable list --org acme'),
    (options) => list(terminal, options),
  )
  addBelow(variable, 'get', 'print the value of a variable', 'errand variable get MODE')
    .argument('<name>', 'its name')
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: ListOptions) => {
      const { client, signal, root } = await placeOf(terminal, options)
      const path = `${root}/variables/${encodeURIComponent(name)}`
      const found = (await (await client.request('GET', path, { signal })).json()) as AgentVariable
      if (options.json) return printJson(terminal, found)
      // Piped, it is the value itself.
      terminal.out(`${terminal.isInteractive ? printable(found.value) : found.value}\n`)
    })
  addDelete(
    addBelow(variable, 'delete', 'delete a variable', 'errand variable delete MODE'),
    terminal,
    'variables',
  )
}

/** Makes it, or changes the one there is: GitHub has an operation for each. */
async function set(
  terminal: Terminal,
  name: string | undefined,
  options: SetOptions,
): Promise<void> {
  const place = await placeOf(terminal, options)
  const { client, signal, root } = place
  const values = await readValues(terminal, name, options, 'variable')
  const reach = await reachOf(place, options)
  for (const [one, value] of Object.entries(values)) {
    const body = { name: one, value, ...reach }
    try {
      await client.request('POST', `${root}/variables`, { signal, body })
    } catch (error) {
      if (!(error instanceof AnswerError && error.status === 409)) throw error
      const path = `${root}/variables/${encodeURIComponent(one)}`
      await client.request('PATCH', path, { signal, body })
    }
    terminal.err(`${printableLine(one)} is set.\n`)
  }
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const variables = await listAll<AgentVariable & { visibility?: string }>(
    await placeOf(terminal, options),
    'variables',
  )
  if (options.json) return printJson(terminal, variables)
  if (variables.length === 0) return terminal.err('There are no variables.\n')
  const rows = variables.map((one) => [
    printableLine(one.name),
    printableLine(one.value),
    printableLine(one.updated_at),
    printableLine(one.visibility ?? ''),
  ])
  const heading = ['NAME', 'VALUE', 'UPDATED', options.org === undefined ? '' : 'VISIBILITY']
  terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
}
