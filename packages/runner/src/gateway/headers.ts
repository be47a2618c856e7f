import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

import type { Upstream } from '@errand/contract'

/** About one connection only (RFC 9110, 7.6.1). */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/**
 * What an agent's request leaves behind: whatever would say who pays or who asks, and what is said anew
 * for the upstream. `accept-encoding`, since a compressed answer could not be counted.
 */
const keptFromUpstream = new Set([
  ...hopByHop,
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'openai-organization',
  'openai-project',
  'host',
  'content-length',
  'accept-encoding',
  'expect',
  'forwarded',
  'via',
  'x-real-ip',
])

const keptFromAgent = new Set([...hopByHop, 'set-cookie', 'set-cookie2', 'alt-svc'])

export function headersForUpstream(
  headers: IncomingHttpHeaders,
  { wire }: Upstream,
  key: string | undefined,
): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(
    ([name]) => !keptFromUpstream.has(name) && !name.startsWith('x-forwarded-'),
  )
  const credential =
    wire === 'anthropic' ? { 'x-api-key': key } : { authorization: `Bearer ${key}` }
  return {
    ...Object.fromEntries(kept),
    'accept-encoding': 'identity',
    ...(key === undefined ? {} : credential),
  }
}

export function headersForAgent(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !keptFromAgent.has(name)))
}
