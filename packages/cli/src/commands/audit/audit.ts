import { type Command, CommanderError } from 'commander'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { couldNotCheck } from './could-not-check.ts'
import { addExplainCommand } from './explain.ts'
import { addHistoryCommand } from './history.ts'
import { addInitCommand } from './init.ts'
import { addRunCommand, runExamples } from './run.ts'

export function addAuditCommand(program: Command, terminal: Terminal): void {
  const audit = program
    .command('audit')
    .summary("check what repositories' agents may do against a policy")
    .description(
      'Read the configuration of every repository and check it against a policy. Exit code 0: clean; 1: there are deviations; 2: something could not be checked.',
    )
    .addHelpText('after', examples(...runExamples, 'errand audit explain firewall-enabled'))
  addRunCommand(audit, terminal)
  addExplainCommand(audit, terminal)
  addInitCommand(audit, terminal)
  addHistoryCommand(audit, terminal)
  for (const command of [audit, ...audit.commands]) {
    command.exitOverride((error) => {
      if (error.exitCode === 0) throw error
      throw new CommanderError(couldNotCheck, error.code, error.message)
    })
  }
}
