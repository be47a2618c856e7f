import { z } from 'zod'

const OctokitError = z.object({
  status: z.number(),
  response: z
    .object({
      headers: z.record(z.string(), z.unknown()).catch({}),
      data: z
        .object({
          message: z.string().optional(),
          errors: z.array(z.object({ message: z.string().optional() })).optional(),
        })
        .catch({}),
    })
    .optional()
    .catch(undefined),
})

/** Undefined when there was no answer. Octokit gives 500 to failures of its own, without a response. */
export function statusOf(error: unknown): number | undefined {
  const parsed = OctokitError.safeParse(error)
  return parsed.success && hasResponse(error) ? parsed.data.status : undefined
}

function hasResponse(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'response' in error &&
    error.response !== undefined
  )
}

/** Whatever the forge says, it is shown to users: not the token, should it be told back. */
export function reasonOf(error: unknown, secret: string): string {
  const parsed = OctokitError.safeParse(error)
  const body = parsed.success ? parsed.data.response?.data : undefined
  const details = (body?.errors ?? []).map(({ message }) => message).filter(Boolean)
  const reason = [body?.message, ...details].filter(Boolean).join(': ')
  return reason.replaceAll(secret, '[token]').slice(0, 500) || 'no reason given'
}

/** What GitHub asks for at least, where it names no time (behaviour.md 2.4). */
const unknownLimitMs = 60_000

/**
 * How long a forge wants not to be asked, where it refused for a limit: by 429, or by 403 with the time or
 * with nothing remaining. Undefined for any other refusal.
 */
export function limitMsOf(error: unknown, now = Date.now()): number | undefined {
  const parsed = OctokitError.safeParse(error)
  const response = parsed.success ? parsed.data.response : undefined
  if (!parsed.success || response === undefined) return undefined
  const { status } = parsed.data
  if (status !== 429 && status !== 403) return undefined
  const { headers } = response
  const retryAfterMs = secondsIn(headers['retry-after'])
  if (retryAfterMs !== undefined) return retryAfterMs
  const resetMs = secondsIn(headers['x-ratelimit-reset'])
  const isUsedUp = headers['x-ratelimit-remaining'] === '0'
  if (isUsedUp && resetMs !== undefined) return Math.max(resetMs - now, 1000)
  return status === 429 || isUsedUp ? unknownLimitMs : undefined
}

function secondsIn(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Number(text) * 1000 : undefined
}
