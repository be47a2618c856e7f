import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestHttp,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { pipeline } from 'node:stream/promises'

import type { FirewallRule } from '@errand/contract'
import { AddressRefused } from '@errand/core'

import type { Destination } from './allowlist.ts'
import type { FirewallState } from './open-firewall.ts'
import { mayPass } from './policy.ts'

/** About one connection only (RFC 9110, 7.6.1), or about a proxy. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const silenceMs = 10 * 60_000
/** As many as there may be connections. */
const mostRequests = 512

/**
 * The URL a request is for: as it says to a proxy, or below the tunnel it came through. Undefined where
 * it is not one that is served here.
 */
export function urlOf(request: IncomingMessage, tunnel?: Destination): URL | undefined {
  const target = request.url ?? ''
  if (tunnel === undefined) {
    return /^http:\/\//i.test(target) ? plainUrl(URL.parse(target)) : undefined
  }
  const { host, port } = tunnel
  const origin = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  if (!target.startsWith('/')) return undefined
  const url = plainUrl(URL.parse(origin + target))
  // Another name for the server would make it answer for that one.
  const said = URL.parse(`https://${request.headers.host ?? ''}`)
  return url !== undefined && said?.host === url.host ? url : undefined
}

function plainUrl(url: URL | null): URL | undefined {
  const hasUser = url !== null && (url.username !== '' || url.password !== '')
  return url === null || hasUser || url.hostname === '' ? undefined : url
}

/** Lets a request pass, or answers why it may not. Never rejects. */
export async function passRequest(
  state: FirewallState,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL | undefined,
): Promise<void> {
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  if (url === undefined) return answer(response, 400, 'This is an HTTP proxy: it takes URLs.')
  // However many a client sends one after the other on a connection, without waiting for answers.
  if (state.passing.size >= mostRequests)
    return answer(response, 503, 'Too many requests at a time.')
  state.passing.add(response)
  response.once('close', () => state.passing.delete(response))
  const destination = destinationOf(url)
  const block = (rule: FirewallRule): void => {
    const process = state.processes.get(request.socket)
    const isReportOnly = state.policy.isReportOnly && rule === 'not_allowed'
    const told = { ...destination, path: url.pathname, rule, isReportOnly }
    state.onBlocked({ ...told, ...(process === undefined ? {} : { process }) })
    if (!isReportOnly) answer(response, 403, explain(rule, url.host))
  }
  try {
    if (!mayPass(state.policy, destination, url.pathname)) {
      block('not_allowed')
      if (!state.policy.isReportOnly) return
    }
    if (isIP(destination.host) !== 0 && !state.policy.mayReach(destination.host)) {
      return block('private_address')
    }
    const answered = await send(state, request, response, url)
    response.writeHead(answered.statusCode as number, passedHeaders(answered.headers)) // set on an answer
    await pipeline(answered, response)
  } catch (error) {
    if (error instanceof AddressRefused) return block('private_address')
    answer(response, 502, `${url.host} could not be reached: ${codeOf(error)}.`)
  }
}

export function destinationOf(url: URL): Destination {
  const scheme = url.protocol === 'http:' ? 'http' : 'https'
  const port = url.port === '' ? { http: 80, https: 443 }[scheme] : Number(url.port)
  return { scheme, host: url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''), port }
}

function send(
  { httpAgent, httpsAgent }: FirewallState,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<IncomingMessage> {
  const framing = framingOf(request.headers)
  const options: RequestOptions = {
    // As a URL writes it: what was judged is what is asked for.
    path: url.pathname + url.search,
    method: request.method ?? 'GET',
    headers: { ...passedHeaders(request.headers), host: url.host, ...framing },
    timeout: silenceMs,
  }
  return new Promise((resolve, reject) => {
    const sent =
      url.protocol === 'http:'
        ? requestHttp(url.origin, { ...options, agent: httpAgent })
        : requestHttps(url.origin, { ...options, agent: httpsAgent() })
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.once('timeout', () => sent.destroy(new Error('it said nothing for too long')))
    response.once('close', () => sent.destroy())
    if (framing === undefined) sent.end()
    else pipeline(request, sent).catch(reject)
  })
}

/**
 * Where the body ends, said again whatever `Connection` has named: else what is a body here would be the next request
 * there. Undefined where there is none.
 */
function framingOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders | undefined {
  if ('transfer-encoding' in headers) return { 'transfer-encoding': 'chunked' }
  const length = headers['content-length']
  return length === undefined ? undefined : { 'content-length': length }
}

function passedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const passed = Object.entries(headers).filter(
    ([name]) => !hopByHop.has(name) && !named.includes(name),
  )
  return Object.fromEntries(passed)
}

const reasons: Record<FirewallRule, string> = {
  not_allowed: "is not on the allowlist of this repository's agents",
  private_address: 'is a private or reserved address',
  not_tls: 'may only be spoken to by TLS',
  other_server: 'is not the server that was asked for in TLS',
}

/** In a sentence, for whoever reads the output of the program that tried. */
export function explain(rule: FirewallRule, host: string): string {
  return `Blocked by the firewall: ${host} ${reasons[rule]}.`
}

function answer(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' })
  response.end(`${message}\n`)
}

/** The system's word for it; a message could hold anything. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'it broke off'
}
