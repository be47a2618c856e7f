import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A repository's configuration as a new one has it, but for what is given (behaviour.md 3.3). */
export function aConfiguration(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    mcp_configuration: null,
    enabled_tools: {
      codeql: true,
      copilot_code_review: true,
      secret_scanning: true,
      dependency_vulnerability_checks: true,
    },
    require_actions_workflow_approval: true,
    is_firewall_enabled: true,
    is_firewall_recommended_allowlist_enabled: true,
    custom_allowlist: [],
    is_automations_enabled: true,
    require_write_access_for_automation_triggers: true,
    ...given,
  }
}

export interface FakeConfigurationsOptions {
  /** By `owner/name`; a number is a status to answer instead. */
  repositories: Record<string, unknown>
  /** Whether it can be written to, and has models, as Errand. */
  isErrand?: boolean
  /** Counted requests in a window of so many milliseconds; one more is refused until it ends. */
  limit?: { most: number; ms: number }
  /** The first answers to a configuration, before it is answered as it is. */
  failures?: number[]
  /** Called with each request for a configuration, before it is answered. */
  onAsked?: (repository: string) => void
}

export interface FakeConfigurations extends AsyncDisposable {
  url: string
  /** Method and path of each request, in their order. */
  asked: string[]
  /** Those that count against the primary limit: all but a 304. */
  counted: number
  refused: number
  repositories: Record<string, unknown>
  onAsked?: (repository: string) => void
  /** How many were on their way at the same time, at most. */
  mostAtOnce: number
}

/** A server that answers where an audit asks as GitHub does: ETags, 304, the headers of its limits, pages. */
export async function openFakeConfigurations(
  options: FakeConfigurationsOptions,
): Promise<FakeConfigurations> {
  const state: State = {
    ...options,
    failures: [...(options.failures ?? [])],
    asked: [],
    counted: 0,
    refused: 0,
    mostAtOnce: 0,
    openNow: 0,
    windowEndsAt: 0,
    leftInWindow: 0,
  }
  const server = createServer((request, response) => {
    state.openNow += 1
    state.mostAtOnce = Math.max(state.mostAtOnce, state.openNow)
    response.once('close', () => (state.openNow -= 1))
    void answer(state, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

type State = FakeConfigurationsOptions & {
  failures: number[]
  asked: string[]
  counted: number
  refused: number
  mostAtOnce: number
  openNow: number
  windowEndsAt: number
  leftInWindow: number
}

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  state.asked.push(`${request.method} ${pathname}`)
  const repository = /^\/repos\/([^/]+\/[^/]+)\/copilot\/cloud-agent\/configuration$/.exec(
    pathname,
  )?.[1]
  if (repository !== undefined) state.onAsked?.(repository)
  const org = /^\/orgs\/([^/]+)\/repos$/.exec(pathname)?.[1]
  const value =
    repository === undefined
      ? org === undefined
        ? answerElse(state, pathname)
        : listOf(state, org, Number(searchParams.get('page') ?? 1), response)
      : await configurationOf(state, repository, request)
  const status = typeof value === 'number' ? value : 200
  const body = JSON.stringify(status === 200 ? value : { message: `Status ${status}` })
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
  const isSame =
    status === 200 && request.method === 'GET' && request.headers['if-none-match'] === etag
  const left = count(state, isSame)
  if (left < 0) {
    state.refused += 1
    response.setHeader('retry-after', Math.ceil((state.windowEndsAt - Date.now()) / 1000))
    response.writeHead(403).end(JSON.stringify({ message: 'API rate limit exceeded' }))
    return
  }
  response.setHeader('etag', etag)
  if (isSame) response.writeHead(304).end()
  else response.writeHead(status).end(body)
}

/** How many requests are left after this one; below zero when it is one too many. */
function count(state: State, isFree: boolean): number {
  if (!isFree) state.counted += 1
  if (state.limit === undefined || isFree) return 1
  if (Date.now() >= state.windowEndsAt) {
    state.windowEndsAt = Date.now() + state.limit.ms
    state.leftInWindow = state.limit.most
  }
  state.leftInWindow -= 1
  return state.leftInWindow
}

async function configurationOf(
  state: State,
  repository: string,
  request: IncomingMessage,
): Promise<unknown> {
  const failure = state.failures.shift()
  if (failure !== undefined) return failure
  const known = state.repositories[repository] ?? 404
  if (request.method !== 'PATCH' || typeof known === 'number') return known
  if (!state.isErrand) return 404
  const etag = `"${createHash('sha256').update(JSON.stringify(known)).digest('hex').slice(0, 16)}"`
  if (request.headers['if-match'] !== etag) return 412
  const changed = { ...Object(known), ...Object(await json(request)) } as unknown
  state.repositories[repository] = changed
  return changed
}

function listOf(state: State, org: string, page: number, response: ServerResponse): unknown {
  const names = Object.keys(state.repositories).filter((name) => name.startsWith(`${org}/`))
  if (names.length === 0) return 404
  if (names.length > page * 100) response.setHeader('link', '<x>; rel="next"')
  return names
    .slice((page - 1) * 100, page * 100)
    .map((name) => ({ full_name: name, archived: name.endsWith('-archived') }))
}

function answerElse({ isErrand }: State, pathname: string): unknown {
  if (isErrand !== true) return 404
  if (pathname.endsWith('/cloud-agent/effective-config')) {
    return { is_agent_enabled: true, settings: {} }
  }
  return pathname === '/agents/models' ? { models: [] } : 404
}
