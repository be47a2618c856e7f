import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

import type { Dispatcher } from 'undici'

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

/**
 * And what clouds take from headers: beside who asks, a dearer service (`x-amzn-bedrock-service-tier`), or an answer
 * without the count of its tokens (`x-goog-fieldmask`).
 */
const keptPrefixes = ['x-forwarded-', 'x-amz', 'x-goog-', 'x-vertex-ai-']
/** Which library asks. */
const passedAll = new Set(['x-goog-api-client'])

const keptFromAgent = new Set([...hopByHop, 'set-cookie', 'set-cookie2', 'alt-svc'])

/** What of an agent's headers goes on. Those that sign are put in by the kind of the upstream. */
export function headersForUpstream(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {}
  for (const name of Object.keys(headers)) {
    if (keptFromUpstream.has(name)) continue
    if (!passedAll.has(name) && keptPrefixes.some((prefix) => name.startsWith(prefix))) continue
    kept[name] = headers[name]
  }
  kept['accept-encoding'] = 'identity'
  return kept
}

/** What of an upstream's headers goes on, each value as `change` gives it. */
export function headersForAgent(
  headers: IncomingHttpHeaders,
  change: (value: string) => string,
): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {}
  for (const name of Object.keys(headers)) {
    if (!keptFromAgent.has(name)) kept[name] = change(String(headers[name]))
  }
  return kept
}

/**
 * The headers of an answer by their names, of the bytes that came: those are Latin-1, whatever they mean (RFC 9110,
 * 5.5). Of one that came several times the values stand in one (5.3).
 */
export function readRawHeaders(
  raw: Dispatcher.DispatchController['rawHeaders'],
): IncomingHttpHeaders {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  if (!Array.isArray(raw)) return headers
  for (let at = 0; at + 1 < raw.length; at += 2) {
    // Both are there: the loop ends before.
    const name = latin1(raw[at] as Buffer | string).toLowerCase()
    const value = latin1(raw[at + 1] as Buffer | string)
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  return headers
}

function latin1(bytes: Buffer | string): string {
  return typeof bytes === 'string' ? bytes : bytes.toString('latin1')
}
