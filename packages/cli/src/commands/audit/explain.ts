import type { Command } from 'commander'
import { UserError } from '../../errors.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'

export function addExplainCommand(audit: Command, terminal: Terminal): void {
  audit
    .command('explain')
    .summary('say what a rule is about')
    .description(
      'Say what a rule is about and what it may be told; without a name, list all rules.',
    )
    .argument('[rule]', 'its id')
    .addHelpText('after', examples('errand audit explain', 'errand audit explain mcp-tools-listed'))
    .action((id: string | undefined) => explain(terminal, id))
}

async function explain(terminal: Terminal, id: string | undefined): Promise<void> {
  // Only this command and a run have rules to read.
  const { rules } = await import('@errand/policy')
  if (id === undefined) {
    const width = Math.max(...rules.map((rule) => rule.id.length)) + 2
    for (const { id: name, defaultSeverity, title } of rules) {
      const columns = [name.padEnd(width), defaultSeverity.padEnd(9), title]
      terminal.out(
        terminal.isInteractive
          ? `${columns.join('')}\n`
          : `${[name, defaultSeverity, title].join('\t')}\n`,
      )
    }
    return
  }
  const rule = rules.find((known) => known.id === id)
  if (rule === undefined) {
    throw new UserError(`There is no rule ${id}.`, {
      remedy: '`errand audit explain` lists those there are.',
    })
  }
  const { describeParameters } = await import('../../audit/describe-parameters.ts')
  terminal.out(`${terminal.paint('bold', rule.id)}: ${rule.title}\n\n${rule.explanation}\n\n`)
  terminal.out(`Severity, where none is given: ${rule.defaultSeverity}\n`)
  for (const { name, kind, text } of describeParameters(rule)) {
    terminal.out(`  ${name}: ${kind}\n    ${text}\n`)
  }
  if (rule.fix !== undefined)
    terminal.out('`errand audit --fix` can mend it on an Errand server.\n')
}
