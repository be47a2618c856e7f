import type { Command } from 'commander'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import { type Model, readModels } from '../client/read-models.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export function addModelsCommand(program: Command, terminal: Terminal): void {
  program
    .command('models')
    .summary('list the models')
    .description('List the models a task may name, with what they cost.')
    .option('--json', 'print them as JSON')
    .addHelpText('after', examples('errand models'))
    .action(async (options: { json?: boolean }) => {
      const client = connect(terminal)
      const models = await beyondGitHub('list models', readModels(client, terminal.signal))
      if (options.json) return printJson(terminal, models)
      const rows = models.map((model) => present(terminal, model))
      terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
    })
}

const heading = ['MODEL', 'MULTIPLIER', 'USD IN/OUT PER MILLION', 'AGENT', 'STATE']

function present({ paint }: Terminal, model: Model): string[] {
  const price = model.price === null ? 'unknown' : `${model.price.input} / ${model.price.output}`
  const notes = [
    ...(model.is_default ? [paint('green', 'auto')] : []),
    ...(model.available ? [] : [paint('red', 'does not answer')]),
    ...(model.owners === undefined ? [] : [`for ${model.owners.map(printableLine).join(', ')}`]),
    ...(model.aliases.length === 0 ? [] : [`also ${model.aliases.map(printableLine).join(', ')}`]),
  ]
  return [
    printableLine(model.id),
    `${model.multiplier}x`,
    price,
    printableLine(model.agent),
    notes.join('; '),
  ]
}
