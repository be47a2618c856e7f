import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export function addDoctorCommand(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('show what this machine can isolate')
    .description('Probe this machine and show the isolation level agents would run at.')
    .option('--config <file>', 'the settings file (default: errand.yml, if there is one)')
    .addHelpText('after', examples('errand doctor'))
    .action(async (options: { config?: string }) => {
      const { examine } = await import('../serve/examine.ts')
      await examine(terminal, options.config)
    })
}
