import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { flagsOf } from './serve.ts'

/** What is secret in a server's store, for who runs it. */
export function addSecretsCommand(program: Command, terminal: Terminal): void {
  const secrets = program
    .command('secrets')
    .summary("replace the key of a server's store")
    .description("The secrets in a server's store, for who runs it.")
    .helpCommand(false)
  secrets
    .command('rotate')
    .summary('encrypt everything with a new key')
    .description(
      'Encrypt everything that is secret in the store with a new key. Stop the servers and workers first, unless the settings name the key: then they go on with the new key before the old one.',
    )
    .option('--data <dir>', 'the data folder (default: .errand)')
    .option('--config <file>', 'the settings file (default: errand.yml, if there is one)')
    .option('--database-url <url>', 'the PostgreSQL the store is in')
    .addHelpText(
      'after',
      examples('errand secrets rotate', 'errand secrets rotate --data /srv/errand'),
    )
    .action(async (options: { data?: string; config?: string; databaseUrl?: string }) => {
      const { rotateSecrets } = await import('../serve/rotate-secrets.ts')
      await rotateSecrets(terminal, flagsOf(options), options.config)
    })
}
