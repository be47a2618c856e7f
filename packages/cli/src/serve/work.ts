import { mkdir } from 'node:fs/promises'
import { withKnownAgents } from '../agents/known-agents.ts'
import { UserError } from '../errors.ts'
import type { Flags } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { openEncryption } from './open-encryption.ts'
import { openRunner } from './open-runner.ts'
import { readSecret } from './read-secret.ts'
import { openGitHubApp, remoteForge } from './remote-forge.ts'
import { prepare } from './serve-settings.ts'
import { untilStopped } from './serve.ts'
import { openStoreOf } from './start-server.ts'

/** `errand worker`: a runner beside a server that is elsewhere. */
export async function work(terminal: Terminal, flags: Flags, config?: string): Promise<void> {
  const { settings: given, log } = await prepare(terminal, flags, config)
  const settings = withKnownAgents(given)
  if (settings.database_url === undefined) {
    throw new UserError("A worker needs the server's database.", {
      remedy: 'Give its PostgreSQL with --database-url, or as ERRAND_DATABASE_URL.',
    })
  }
  if (settings.forge === 'embedded') {
    throw new UserError('A worker needs a forge it can reach.', {
      remedy:
        'Give its API with --forge: a GitHub API, or the URL of the server whose forge is embedded.',
    })
  }
  const app = openGitHubApp(settings, (name) => readSecret(terminal.environment, name))
  const forge = remoteForge(settings, app)
  await mkdir(settings.data, { recursive: true, mode: 0o700 })
  const encryption = await openEncryption(settings, terminal.environment, log)
  await using store = await openStoreOf(settings, log)
  const runner = openRunner(store, settings, terminal.environment, log, forge, encryption)
  log.info({ forge: forge.apiUrl, concurrency: settings.runner.concurrency }, 'ready')
  await untilStopped(terminal.signal)
  log.info('stopping')
  await runner.close()
}
