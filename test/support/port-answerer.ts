import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** A run as Port's page shows it. */
export interface PortRun {
  id: string
  status: 'IN_PROGRESS' | 'SUCCESS' | 'FAILURE'
  statusLabel?: string
  link?: string[]
  summary?: string
  externalRunId?: string
  logs: string[]
}

export interface PortAnswerer extends AsyncDisposable {
  url: string
  clientId: string
  clientSecret: string
  run(id: string): PortRun
  /** A new run, as somebody pressed the button. */
  createRun(): PortRun
  /** Presses the button of an action: signs the webhook as Port does and sends it. */
  execute(server: string, action: object, inputs: object): Promise<PortRun & { answer: Response }>
  /** Sends a body as Port would; what is given replaces what Port would send. */
  send(server: string, body: object | string, forged?: Forged): Promise<Response>
  /** The next so many requests for runs fail like this. */
  failNext(times: number, status: number, headers?: Record<string, string>): void
  /** Takes back all access tokens. */
  revokeTokens(): void
  /** What was asked of it: method and path. */
  requests: string[]
}

export interface Forged {
  secret?: string
  timestamp?: number
  signature?: string
}

// The request bodies of Port's API, as its OpenAPI description has them: nothing else is taken.
const AccessTokenRequest = z.strictObject({ clientId: z.string(), clientSecret: z.string() })
const RunUpdate = z.strictObject({
  status: z.enum(['SUCCESS', 'FAILURE']).optional(),
  statusLabel: z.string().optional(),
  link: z.union([z.string(), z.array(z.string())]).optional(),
  summary: z.string().optional(),
  externalRunId: z.string().optional(),
})
const LogEntry = z.strictObject({
  message: z.string(),
  terminationStatus: z.enum(['SUCCESS', 'FAILURE']).optional(),
  statusLabel: z.string().optional(),
})

/** What Port knows and does: the part of it that a test looks at. */
interface PortState {
  clientId: string
  clientSecret: string
  runs: Map<string, PortRun>
  tokens: Set<string>
  requests: string[]
  failures: { times: number; status: number; headers: Record<string, string> }
}

type PortAnswer = [status: number, body: object, headers?: Record<string, string>]

/** Answers as Port's API is documented to: access tokens, runs, their log, and its refusals. */
export async function startPortAnswerer(): Promise<PortAnswerer> {
  const state: PortState = {
    clientId: 'port-client-id',
    clientSecret: `port-secret-${randomBytes(12).toString('hex')}`,
    runs: new Map(),
    tokens: new Set(),
    requests: [],
    failures: { times: 0, status: 500, headers: {} },
  }
  const server = createServer((request, response) => void respond(state, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const send: PortAnswerer['send'] = (to, body, forged) => sendWebhook(state, to, body, forged)
  return {
    ...state,
    // A server that listens has an address with a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    createRun: () => createRun(state),
    send,
    run(id) {
      const run = state.runs.get(id)
      if (run === undefined) throw new Error(`there is no run ${id}`)
      return run
    },
    async execute(to, action, inputs) {
      const run = createRun(state)
      const { body } = (action as { invocationMethod: { body: object } }).invocationMethod
      const trigger = { by: { user: { email: 'ada@example.com' } } }
      const mapped = mapBody(body, { inputs, run: { id: run.id }, trigger })
      return Object.assign(run, { answer: await send(to, mapped) })
    },
    failNext: (times, status, headers = {}) => void (state.failures = { times, status, headers }),
    revokeTokens: () => state.tokens.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function respond(
  state: PortState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request)
  state.requests.push(`${request.method} ${request.url}`)
  const [status, answer, headers] =
    request.url === '/v1/auth/access_token'
      ? issueToken(state, body)
      : answerAboutRun(state, request, body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(answer))
}

function issueToken(state: PortState, body: string): PortAnswer {
  const asked = AccessTokenRequest.safeParse(JSON.parse(body))
  if (!asked.success) return refuse(422, 'invalid_request')
  const { clientId, clientSecret } = asked.data
  if (clientId !== state.clientId || clientSecret !== state.clientSecret) {
    return refuse(401, 'invalid_credentials')
  }
  const accessToken = randomBytes(16).toString('hex')
  state.tokens.add(accessToken)
  return [200, { ok: true, accessToken, expiresIn: 10_800, tokenType: 'Bearer' }]
}

function answerAboutRun(state: PortState, request: IncomingMessage, body: string): PortAnswer {
  const { failures } = state
  if (failures.times > 0) {
    failures.times -= 1
    return [failures.status, { ok: false, error: 'failed' }, failures.headers]
  }
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  if (!state.tokens.has(token)) return refuse(401, 'unauthorized')
  const [, id = '', log] =
    /^\/v1\/actions\/runs\/([^/?]+)(\/logs)?(?:\?version=v2)?$/.exec(request.url ?? '') ?? []
  const run = state.runs.get(id)
  if (run === undefined) return refuse(404, 'not_found')
  if (request.method === 'GET') return [200, { ok: true, run }]
  // "The run can no longer be modified."
  if (run.status !== 'IN_PROGRESS') return refuse(422, 'run_ended')
  if (request.method === 'POST' && log !== undefined) {
    const entry = LogEntry.safeParse(JSON.parse(body))
    if (!entry.success) return refuse(422, 'invalid_request')
    run.logs.push(entry.data.message)
    return [201, { ok: true }]
  }
  const update = RunUpdate.safeParse(JSON.parse(body))
  if (request.method !== 'PATCH' || !update.success) return refuse(422, 'invalid_request')
  Object.assign(run, update.data)
  return [200, { ok: true, run }]
}

function refuse(status: number, error: string): PortAnswer {
  return [status, { ok: false, error, message: error }]
}

function createRun(state: PortState): PortRun {
  const run: PortRun = {
    id: `r_${randomBytes(8).toString('hex')}`,
    status: 'IN_PROGRESS',
    logs: [],
  }
  state.runs.set(run.id, run)
  return run
}

async function sendWebhook(
  state: PortState,
  to: string,
  body: object | string,
  forged: Forged = {},
): Promise<Response> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const timestamp = forged.timestamp ?? Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', forged.secret ?? state.clientSecret)
    .update(`${timestamp}.${payload}`)
    .digest('base64')
  return await fetch(`${to}/integrations/port/actions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-port-timestamp': String(timestamp),
      'x-port-signature': forged.signature ?? `v1,${signature}`,
    },
    body: payload,
  })
}

/** An action definition that comes with Errand. */
export function readAction(name: string): object {
  const url = new URL(`../../integrations/port/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as object
}

/** `{{ .path }}` as a whole keeps the value's type, and is null where there is none: so does Port. */
function mapBody(body: object, trigger: object): object {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]: [string, unknown]) => {
      const [, path] = /^\{\{ \.([a-z_.]+) \}\}$/i.exec(String(value)) ?? []
      if (path === undefined) return [key, value]
      const found = path
        .split('.')
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], trigger)
      return [key, found ?? null]
    }),
  )
}
