import { z } from 'zod'
import { readAnswerError } from './answer-error.ts'
import type { Event } from './event.ts'
import { type EventSource, followEvents } from './follow-events.ts'
import type { Route } from './route.ts'
import { type RouteName, routes } from './routes.ts'
import { isEndState } from './states.ts'

type Routes = typeof routes
type OutputOf<S> = S extends z.ZodType ? z.output<S> : never
type InputOf<S> = S extends z.ZodType ? z.input<S> : never

/** What an operation takes. Every query parameter and every header may be left out. */
export type CallInput<N extends RouteName> = {
  params: OutputOf<Routes[N]['params']>
} & (Routes[N] extends {
  query: infer Q
}
  ? { query?: Partial<OutputOf<Q>> }
  : unknown) &
  (Routes[N] extends { body: infer B } ? { body: InputOf<B> } : unknown) &
  (Routes[N] extends { headers: infer H } ? { headers?: Partial<OutputOf<H>> } : unknown) & {
    signal?: AbortSignal
  }

/** What an operation answers. */
export type CallAnswer<N extends RouteName> = OutputOf<
  Routes[N]['answers'][keyof Routes[N]['answers']]
>

export interface ClientOptions {
  /** Where the API begins: `https://api.github.com`, `http://127.0.0.1:4000`, `https://host/api/v3`. */
  baseUrl: string
  token?: string
  /** GitHub refuses calls without one. */
  userAgent?: string
  fetch?: typeof fetch
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean | readonly (string | number)[] | undefined>
  body?: unknown
  headers?: Record<string, string | undefined>
  accept?: string
  signal?: AbortSignal
}

export interface Client {
  readonly baseUrl: string
  /** One operation of the table. Throws `AnswerError` on any answer but a good one. */
  call<N extends RouteName>(name: N, input: CallInput<N>): Promise<CallAnswer<N>>
  /** The pages of a list, as long as `Link` names a next one. */
  pages<N extends RouteName>(name: N, input: CallInput<N>): AsyncGenerator<CallAnswer<N>>
  /**
   * Any other path of the same API, like `/user`. Throws `AnswerError` as `call` does; a 304 is an
   * answer, for whoever asked with `if-none-match`.
   */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>
  /** A task's events, past and live, until the task has ended; reconnects where it left off. */
  followEvents(
    taskId: string,
    options?: { after?: string; signal?: AbortSignal },
  ): AsyncGenerator<Event>
}

/**
 * A client made from the table of routes, for any server that speaks it, GitHub's included. Answers
 * are typed but not checked: GitHub's carry fields beyond its own schema (behaviour.md 1.4), and a
 * client that refuses them would break where it could work.
 */
export function createClient(options: ClientOptions): Client {
  const baseUrl = options.baseUrl.replace(/\/+$/, '')

  async function call<N extends RouteName>(name: N, input: CallInput<N>): Promise<CallAnswer<N>> {
    return (await callForPage(name, input)).answer
  }

  async function callForPage<N extends RouteName>(name: N, input: CallInput<N>) {
    const route: Route = routes[name]
    // CallInput is made from the same route: its parts are these, whichever the route has.
    const parts = input as RequestOptions & { params: Record<string, string> }
    const response = await request(route.method, fillPath(route.path, parts.params), parts)
    const isText = Object.values(route.answers).some((answer) => answer instanceof z.ZodString)
    // The answer's type is a promise of the table, see above.
    const answer = (isText ? await response.text() : await response.json()) as CallAnswer<N>
    return { answer, hasNext: /rel="next"/.test(response.headers.get('link') ?? '') }
  }

  async function* pages<N extends RouteName>(name: N, input: CallInput<N>) {
    for (let page = 1; ; page += 1) {
      const { query } = input as RequestOptions
      const { answer, hasNext } = await callForPage(name, { ...input, query: { ...query, page } })
      yield answer
      if (!hasNext) return
    }
  }

  async function request(
    method: string,
    path: string,
    init: RequestOptions = {},
  ): Promise<Response> {
    const response = await send(
      options,
      method,
      `${baseUrl}${path}${queryString(init.query)}`,
      init,
    )
    if (response.ok || response.status === 304) return response
    throw await readAnswerError(response)
  }

  function eventsOf(taskId: string): EventSource {
    const params = { task_id: taskId }
    return {
      open: (lastId, signal) =>
        request('GET', fillPath(routes.listEvents.path, params), {
          accept: 'text/event-stream',
          headers: { 'last-event-id': lastId },
          signal,
        }),
      hasEnded: async (signal) =>
        isEndState((await call('getTask', { params, ...(signal && { signal }) })).state),
    }
  }

  return {
    baseUrl,
    call,
    pages,
    request,
    followEvents: (taskId, follow) => followEvents(eventsOf(taskId), follow),
  }
}

function fillPath(path: string, params: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
}

/** Ids are repeated and states joined by commas: the forms GitHub is certain to take (behaviour.md 1.3). */
function queryString(query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    const isIds = Array.isArray(value) && value.every((item) => typeof item === 'number')
    for (const item of isIds ? value : [value]) search.append(name, item.toString())
  }
  return search.size === 0 ? '' : `?${search.toString()}`
}

/**
 * Redirects are followed here, not by fetch: a renamed repository is a 301, and fetch would turn a
 * POST into a GET. Only within the same origin, since the token goes along.
 */
async function send(
  options: ClientOptions,
  method: string,
  url: string,
  init: RequestOptions,
  redirectsLeft = 3,
): Promise<Response> {
  const headers = new Headers({
    accept: init.accept ?? 'application/vnd.github+json',
    'user-agent': options.userAgent ?? 'errand',
    'x-github-api-version': '2022-11-28',
  })
  if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`)
  if (init.body !== undefined) headers.set('content-type', 'application/json')
  for (const [name, value] of Object.entries(init.headers ?? {})) {
    if (value !== undefined) headers.set(name, value)
  }
  const response = await (options.fetch ?? fetch)(url, {
    method,
    headers,
    redirect: 'manual',
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    ...(init.signal === undefined ? {} : { signal: init.signal }),
  })
  const location = response.headers.get('location')
  if (![301, 302, 307, 308].includes(response.status) || location === null) return response
  const target = new URL(location, url)
  if (redirectsLeft === 0 || target.origin !== new URL(url).origin) return response
  await response.body?.cancel()
  return send(options, method, target.href, init, redirectsLeft - 1)
}
