import { chmod, mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { type Client, ErrandError, type Forge, type Settings } from '@errand/contract'
import { type Clock, DataFolderLocked, openStore, type Store } from '@errand/core'
import { type EmbeddedForge, openForge } from '@errand/forge'
import { createServer, type MountedRoute } from '@errand/server'
import type { Logger } from 'pino'
import { withKnownAgents } from '../agents/known-agents.ts'
import { noteRunningServer } from '../client/local-server.ts'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'
import { openPolicy } from './open-policy.ts'
import { openEncryption } from './open-encryption.ts'
import { openRunner } from './open-runner.ts'
import { openGitHubApp, openRemoteForge, remoteForge, requireNoGitHub } from './remote-forge.ts'
import { readSecret } from './read-secret.ts'
import { readRecipe } from './read-recipe.ts'
import { issueOwnerToken, type OwnerToken } from './owner-token.ts'

export interface RunningServer {
  /** Where it listens, for commands on this machine. */
  url: string
  /** Where users reach it. */
  publicUrl: string
  store: Store
  /** Absent when the forge is elsewhere. */
  forge: EmbeddedForge | undefined
  /** The first owner's token on the embedded forge. */
  ownerToken: OwnerToken | undefined
  close: () => Promise<void>
}

/**
 * Puts store, forge, server and runner into this process, the only place where they meet. What was
 * opened is closed in the reverse order, also when a later part cannot start. The clock is the
 * database's, unless another one is given.
 */
export async function startServer(
  given: Settings,
  environment: Environment,
  log: Logger,
  dependencies: { clock?: Clock; onRoute?: (route: MountedRoute) => void } = {},
): Promise<RunningServer> {
  const opened = new AsyncDisposableStack()
  const settings = withKnownAgents(given)
  try {
    // Tokens and repositories are kept in there: nobody else's business.
    await mkdir(settings.data, { recursive: true, mode: 0o700 })
    await chmod(settings.data, 0o700)
    const encryption = await openEncryption(settings, environment, log)
    const store = opened.use(await openStoreOf(settings, log, dependencies.clock))
    const address = { url: httpUrl(settings.host, settings.port) }
    const publicUrl = (): string => settings.public_url ?? address.url
    const embedded = await openEmbeddedForge(settings, log, publicUrl)
    // The server closes it too, but not one that never got ready.
    opened.defer(() => embedded?.close())
    const secrets = (name: string) => readSecret(environment, name)
    const gitHubApp = embedded ? undefined : openGitHubApp(settings, secrets)
    const forge: Forge = embedded ?? openRemoteForge(settings, secrets, gitHubApp)
    const routes = embedded && {
      forgeRoutes: embedded.apiRoutes,
      gitRoutes: embedded.gitRoutes,
      deviceLogin: embedded.deviceLogin,
    }
    const forgeToken = () => embedded?.runnerToken() ?? settings.forge_token
    const tools = { createMcpServer, readRecipe, ...(await openPolicy(settings, log)) }
    const own = {
      store,
      forge,
      settings,
      encryption,
      log,
      publicUrl,
      secrets,
      forgeToken,
      ...(gitHubApp !== undefined && { installationToken: gitHubApp }),
      ...tools,
    }
    const { onRoute } = dependencies
    const app = createServer({ ...own, ...routes, ...(onRoute && { onRoute }) })
    opened.defer(() => app.close())
    await listen(app, settings)
    // A TCP socket that listens has an address with a port.
    address.url = httpUrl(settings.host, (app.server.address() as AddressInfo).port)
    await embedded?.announce()
    const ownerToken = embedded && (await issueOwnerToken(embedded, settings))
    if (settings.runner.enabled) {
      const runnerForge = embedded
        ? ownForge(embedded, address.url)
        : remoteForge(settings, gitHubApp)
      const runner = openRunner(store, settings, environment, log, runnerForge, encryption)
      opened.defer(() => runner.close())
    }
    opened.use(noteRunningServer(settings.data, address.url))
    const close = (): Promise<void> => opened.disposeAsync()
    const urls = { url: address.url, publicUrl: publicUrl() }
    return { ...urls, store, forge: embedded, ownerToken, close }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/** What only shows when the server gets ready, like a variable that is not set, is told as any setting. */
async function listen(app: ReturnType<typeof createServer>, { host, port }: Settings) {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const problem = cause instanceof ErrandError ? cause.errors[0] : undefined
    if (problem?.resource !== 'Settings') throw cause
    throw new UserError(`${problem.message}.`, { cause })
  }
}

/** The same tools `errand mcp` has; loaded when somebody comes for them. */
async function createMcpServer(client: Client) {
  const { createTaskServer } = await import('../mcp/server.ts')
  return createTaskServer(client)
}

/** Throws `UserError` when the folder is another Errand's, or the database cannot be reached. */
export async function openStoreOf(settings: Settings, log: Logger, clock?: Clock): Promise<Store> {
  const { data: dataDir, database_url: databaseUrl } = settings
  try {
    return await openStore({
      dataDir,
      log,
      ...(databaseUrl !== undefined && { databaseUrl }),
      ...(clock !== undefined && { clock }),
    })
  } catch (cause) {
    if (cause instanceof DataFolderLocked) throw new UserError(cause.message, { cause })
    if (databaseUrl === undefined) throw cause
    throw new UserError(`The database cannot be opened: ${reasonOf(cause)}.`, {
      remedy: 'Is it running, and is database_url right?',
      cause,
    })
  }
}

/** What lies at the bottom: addresses that were tried are an AggregateError, which says nothing. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0])
  if (cause instanceof Error && cause.cause instanceof Error) return reasonOf(cause.cause)
  return cause instanceof Error ? cause.message : String(cause)
}

async function openEmbeddedForge(
  settings: Settings,
  log: Logger,
  publicUrl: () => string,
): Promise<EmbeddedForge | undefined> {
  if (settings.forge !== 'embedded') return undefined
  requireNoGitHub(settings)
  return openForge({ dataDir: settings.data, log, publicUrl })
}

/** The runner takes the same way to our own forge as to GitHub: its REST API and git over HTTP. */
function ownForge(forge: EmbeddedForge, url: string) {
  return { apiUrl: url, webUrl: url, token: forge.runnerToken() }
}

/** An address that means every interface is reached by the loopback one. */
function httpUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
