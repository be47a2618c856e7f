import type { IncomingHttpHeaders } from 'node:http'

/** Longest wait before the same upstream is asked again; who asks for more is passed by. */
const longestDelayMs = 20_000
const firstDelayMs = 500

/** Whether another try may go better: the upstream has too much to do, or something is wrong with it. */
export function isWorthRetrying(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501)
}

/** Whether the upstream itself is in trouble. 429 is about who asks, and how often. */
export function isUnhealthy(status: number): boolean {
  return status >= 500 && status !== 501
}

/**
 * How long to wait before a try, with some chance in it so that many do not come at once.
 *
 * @param tries that have been made, 1 or more
 * @returns undefined where the upstream wants to be left alone for longer than is waited
 */
export function retryDelayMs(
  tries: number,
  headers: IncomingHttpHeaders,
  random = Math.random(),
): number | undefined {
  const asked = askedDelayMs(headers)
  if (asked === undefined) {
    const delay = firstDelayMs * 2 ** (tries - 1)
    return Math.min(longestDelayMs, delay / 2 + (random * delay) / 2)
  }
  return asked <= longestDelayMs ? asked : undefined
}

/** `retry-after-ms` is OpenAI's; `retry-after` has seconds or a date (RFC 9110, 10.2.3). */
function askedDelayMs(headers: IncomingHttpHeaders): number | undefined {
  const inMs = Number(headers['retry-after-ms'])
  if (headers['retry-after-ms'] !== undefined && inMs >= 0) return inMs
  const after = headers['retry-after']
  if (after === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000
  const at = Date.parse(after)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
