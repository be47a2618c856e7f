import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { flagsOf } from './serve.ts'

export function addWorkerCommand(program: Command, terminal: Terminal): void {
  program
    .command('worker')
    .summary('run sessions for a server')
    .description(
      'Take sessions from the queue and run them, and nothing else. It shares its PostgreSQL with the server; its settings are the same.',
    )
    .option('--database-url <url>', "the server's PostgreSQL")
    .option('--forge <url>', "the forge's API: a GitHub API, or a server of Errand")
    .option('--data <dir>', 'where it keeps mirrors and workspaces (default: .errand)')
    .option('--config <file>', 'the settings file (default: errand.yml, if there is one)')
    .addHelpText(
      'after',
      examples(
        'ERRAND_FORGE_TOKEN=... errand worker --database-url postgresql://db/errand --forge https://errand.example.com',
      ),
    )
    .action(
      async (options: { databaseUrl?: string; forge?: string; data?: string; config?: string }) => {
        const { work } = await import('../serve/work.ts')
        await work(terminal, flagsOf(options), options.config)
      },
    )
}
