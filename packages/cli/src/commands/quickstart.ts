import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export interface QuickstartOptions {
  once?: boolean
  repo?: string
  port?: string
  data?: string
}

export function addQuickstartCommand(program: Command, terminal: Terminal): void {
  program
    .command('quickstart')
    .summary('see it work: one task, from a prompt to a pull request')
    .description(
      'Start a server, import a repository, and send one task: prepare its next release. With a model key in the environment the coder does it, else a script that needs no model.',
    )
    .option('--once', 'end after the pull request instead of serving on')
    .option('--repo <path or url>', "the repository (default: Errand's own checkout)")
    .option('--port <port>', 'port to listen on (default: 4000, or a free one when it is taken)')
    .option('--data <dir>', 'the data folder (default: .errand/quickstart)')
    .addHelpText(
      'after',
      examples('errand quickstart', 'errand quickstart --once --repo ~/code/shop'),
    )
    .action(async (options: QuickstartOptions) => {
      const { quickstart } = await import('../quickstart/quickstart.ts')
      await quickstart(terminal, options)
    })
}
