import type { Command } from 'commander'
import type { Flags } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export interface ServeOptions {
  port?: string
  host?: string
  data?: string
  config?: string
  databaseUrl?: string
  forge?: string
  /** Commander's name for the absence of `--no-runner`. */
  runner: boolean
}

export function addServeCommand(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .summary('start a server')
    .description(
      'Start a server: the API, the forge that comes with it, and a runner. Every setting can also be given by environment (ERRAND_PORT, ...) or in errand.yml.',
    )
    .option('--port <port>', 'port to listen on, 0 for a free one (default: 4000)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--data <dir>', 'the data folder (default: .errand)')
    .option('--config <file>', 'the settings file (default: errand.yml, if there is one)')
    .option(
      '--database-url <url>',
      'a PostgreSQL to keep tasks in (default: PGlite in the data folder)',
    )
    .option('--forge <forge>', '`embedded`, or the URL of a GitHub API (default: embedded)')
    .option('--no-runner', 'only serve: sessions are run by `errand worker`')
    .addHelpText(
      'after',
      examples(
        'errand serve',
        'errand serve --port 8080 --host 0.0.0.0 --database-url postgresql://db/errand',
        'ERRAND_FORGE_TOKEN=ghp_... errand serve --forge https://api.github.com',
      ),
    )
    .action(async (options: ServeOptions) => {
      // Loaded only here: a client command has no use for a server.
      const { serve } = await import('../serve/serve.ts')
      await serve(terminal, flagsOf(options), options.config)
    })
}

/** Flags by the name of the setting they give. */
export function flagsOf(options: Omit<ServeOptions, 'runner'> & { runner?: boolean }): Flags {
  const given: [string, string, string | boolean | undefined][] = [
    ['port', '--port', options.port],
    ['host', '--host', options.host],
    ['data', '--data', options.data],
    ['database_url', '--database-url', options.databaseUrl],
    ['forge', '--forge', options.forge],
    ['runner.enabled', '--no-runner', options.runner === false ? false : undefined],
  ]
  return Object.fromEntries(
    given.flatMap(([name, flag, value]) => (value === undefined ? [] : [[name, { flag, value }]])),
  )
}
