import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient, Settings } from '@errand/contract'
import type { Store } from '@errand/core'
import { createPostgresDatabase, postgresUrl } from '@errand/core/testing'
import type { EmbeddedForge } from '@errand/forge'
import { createLog, startServer } from 'errand'
import { checkedFetch } from './contract.ts'
import { eventually } from './eventually.ts'
import { fillDataFolder } from './fill-data-folder.ts'
import { descendantsOf, stillRunning } from './processes.ts'
import { createRepository } from './repository.ts'
import {
  type ModelApi,
  type ScriptedModel,
  scriptedModelKey,
  scriptedModelKeyVariable,
} from './scripted-model.ts'
import { createTempFolder } from './temp-folder.ts'
import { neverKilled, ownerToken, settingsFor, type TestSettings } from './test-settings.ts'

export interface ErrandOptions {
  settings?: TestSettings
  /** A model for `coder`; without one there is only `script`. */
  model?: ScriptedModel
  /** What `model` is spoken to by. Default `messages`. */
  api?: ModelApi
  /** A folder that outlives this Errand, for tests that start another one on it. */
  dataDir?: string
  /** A PostgreSQL of its own. Default: a database of the tests', or PGlite where there is none. */
  databaseUrl?: string
  /** The store is in the data folder, as where nobody configures one. Default with `dataDir`. */
  isOnPglite?: boolean
  /** What it finds in its environment, beside the key of the scripted model. */
  environment?: Readonly<Record<string, string | undefined>>
}

/** The whole of Errand in this process, composed as `errand serve` composes it. */
export interface Errand extends AsyncDisposable {
  url: string
  dataDir: string
  store: Store
  forge: EmbeddedForge
  /** Speaks as the first owner; each answer is held against GitHub's contract. */
  client: Client
  token: string
  /** A client of somebody else's token. */
  clientOf(token: string): Client
  /** A repository with a real history; `files` are added to it in a commit of their own. */
  addRepository(fullName: string, files?: Record<string, string>): Promise<void>
  /** What was logged, as JSON lines. */
  log: string[]
  close(): Promise<void>
}

/**
 * Starts Errand with a store, a forge and a runner of its own, on a free port. When it is disposed
 * of, nothing may be left: a process that outlives it fails the test.
 */
export async function startErrand(options: ErrandOptions = {}): Promise<Errand> {
  // What was made is gone again where something after it fails.
  await using made = new AsyncDisposableStack()
  const folder = made.use(await createTempFolder('whole'))
  const dataDir = options.dataDir ?? join(folder.path, 'data')
  const log: string[] = []
  const environment = { ...options.environment, [scriptedModelKeyVariable]: scriptedModelKey }
  const { isOnPglite = options.dataDir !== undefined || postgresUrl === undefined } = options
  const isGiven = options.databaseUrl !== undefined || isOnPglite
  const database = isGiven ? undefined : await createPostgresDatabase()
  made.defer(() => database?.drop())
  const databaseUrl = options.databaseUrl ?? database?.options.databaseUrl
  const settings = Settings.parse(
    settingsFor(dataDir, {
      ...options,
      settings: neverKilled(options.settings),
      ...(databaseUrl !== undefined && { databaseUrl }),
    }),
  )
  if (settings.database_url === undefined) fillDataFolder(dataDir)
  const before = descendantsOf(process.pid)
  const server = await startServer(settings, environment, logTo(log))
  const { forge } = server
  if (forge === undefined) throw new Error('there is no embedded forge')

  const rest = made.move()

  async function close(): Promise<void> {
    await server.close()
    await requireNoNewProcesses(before)
  }

  return {
    url: server.url,
    dataDir,
    store: server.store,
    forge,
    client: clientFor(server.url, ownerToken),
    token: ownerToken,
    clientOf: (token) => clientFor(server.url, token),
    addRepository: (fullName, files) => addRepository(forge, folder.path, fullName, files),
    log,
    close,
    async [Symbol.asyncDispose]() {
      await close()
      await rest.disposeAsync()
    },
  }
}

export function clientFor(url: string, token: string): Client {
  return createClient({ baseUrl: url, token, fetch: checkedFetch, userAgent: 'errand-test' })
}

async function addRepository(
  forge: EmbeddedForge,
  folder: string,
  fullName: string,
  files?: Record<string, string>,
): Promise<void> {
  const plain = join(folder, 'source.git')
  const source = files === undefined ? plain : join(folder, 'sources', fullName)
  if (!existsSync(source)) await createRepository(source, files)
  await forge.importRepository(source, fullName, {})
}

function logTo(lines: string[]): ReturnType<typeof createLog> {
  const write = (line: string): void => void lines.push(line)
  return createLog('debug', { write, isInteractive: false, paint: (_, text) => text })
}

/** Children of the machine that the test itself started meanwhile are git's and gh's: they end. */
async function requireNoNewProcesses(before: ReturnType<typeof descendantsOf>): Promise<void> {
  const known = new Set(before.map(({ pid }) => pid))
  const left = descendantsOf(process.pid).filter(({ pid }) => !known.has(pid))
  await eventually(
    () => {
      const running = stillRunning(left).map(({ command }) => command)
      if (running.length > 0) throw new Error(`still running: ${running.join('; ')}`)
    },
    { timeoutMs: 5000, what: 'the end of all that Errand started' },
  )
}
