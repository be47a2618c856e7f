import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import {
  type ErrorBody,
  type EventPage,
  Settings,
  type SteerAccepted,
  type TaskPage,
  type TaskWithSessions,
} from '@errand/contract'
import { type Log, openStore, type Store, createEncryption, keyBytes } from '@errand/core'
import { createTestDatabase } from '@errand/core/testing'
import { createServer, type CreateServerOptions } from '../app.ts'
import { violationsOf } from './github-contract.ts'
import { createTestForge, type TestForge } from './test-forge.ts'

export interface TestServer extends AsyncDisposable {
  url: string
  store: Store
  forge: TestForge
  /** What was logged as an error or a warning. */
  problems: object[]
  /** Sends a request as curl would, and holds the answer against GitHub's description. */
  call(path: string, options?: CallOptions): Promise<CallAnswer>
}

export interface CallOptions {
  method?: string
  /** Sent as `Authorization: Bearer`. */
  token?: string
  headers?: Record<string, string>
  /** A string is sent as it is, anything else as JSON. Makes the method POST. */
  body?: unknown
}

export interface CallAnswer {
  status: number
  headers: Headers
  text: string
  /** The parsed JSON: what some answer or other holds. */
  body: TaskWithSessions & TaskPage & ErrorBody & EventPage & SteerAccepted
}

/**
 * The server with a real store, a forge of maps, and a port of its own. Opening a store takes seconds:
 * a second server of a test may be given the first one's.
 */
export async function openTestServer(
  settings: object = {},
  options: Partial<CreateServerOptions> = {},
): Promise<TestServer> {
  const database = options.store === undefined ? await createTestDatabase() : undefined
  const store = options.store ?? (await openStore(database?.options ?? {}))
  const forge = createTestForge()
  const problems: object[] = []
  let url = ''
  const app = createServer({
    store,
    forge,
    settings: Settings.parse(settings),
    encryption: createEncryption([randomBytes(keyBytes)]),
    log: logTo(problems),
    publicUrl: () => url,
    ...options,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A TCP socket that listens has an address with a port.
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`

  return {
    url,
    store,
    forge,
    problems,
    call: (path, callOptions) => call(url, path, callOptions),
    async [Symbol.asyncDispose]() {
      await app.close()
      if (database === undefined) return
      await store.close()
      await database.drop()
    },
  }
}

async function call(url: string, path: string, options: CallOptions = {}): Promise<CallAnswer> {
  const { token, headers, body } = options
  const method = options.method ?? (body === undefined ? 'GET' : 'POST')
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== ''
  const parsed: CallAnswer['body'] = isJson ? JSON.parse(text) : undefined
  const violations = isJson ? violationsOf(method, path, response.status, parsed) : []
  if (violations.length > 0) {
    throw new Error(`${method} ${path} ${response.status}: ${violations.join('; ')}\n${text}`)
  }
  return { status: response.status, headers: response.headers, text, body: parsed }
}

function logTo(problems: object[]): Log {
  const ignore = (): void => undefined
  const keep = (fields: object, message: string): void => void problems.push({ ...fields, message })
  return { debug: ignore, info: ignore, warn: keep, error: keep }
}
