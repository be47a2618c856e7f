import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

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
 * for the upstream. `accept-encoding`, since a compressed answer would have to be unpacked to be counted.
 */
const keptFromUpstream = new Set([
  ...hopByHop,
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-goog-user-project',
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

/** What of an agent's headers goes on. Those that sign are put in by the kind of the upstream. */
export function headersForUpstream(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(
    ([name]) =>
      !keptFromUpstream.has(name) && !name.startsWith('x-forwarded-') && !name.startsWith('x-amz-'),
  )
  return { ...Object.fromEntries(kept), 'accept-encoding': 'identity' }
}

export function headersForAgent(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !keptFromAgent.has(name)))
}
