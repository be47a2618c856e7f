import { InvalidArgumentError } from 'commander'

const unitMs = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const

/** When a token is to end: so long from now, or at a time of its own. */
export type Expiry = { inMs: number } | { at: Date } | 'never'

/** Reads `30d`, `12h`, `2w`, a date or time like `2027-01-31`, or `never`. */
export function parseExpiry(text: string): Expiry {
  if (text === 'never') return 'never'
  const { count, unit } = /^(?<count>[1-9]\d{0,4})(?<unit>[hdw])$/.exec(text)?.groups ?? {}
  // The expression takes no other unit.
  if (unit !== undefined) return { inMs: Number(count) * unitMs[unit as keyof typeof unitMs] }
  const at = new Date(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(at.getTime())) return { at }
  throw new InvalidArgumentError('Say how long, like 30d, 12h or 2w; a date; or never.')
}

/** As an ISO time; undefined for a token that does not end. */
export function expiryTime(expiry: Expiry, now: Date): string | undefined {
  if (expiry === 'never') return undefined
  return ('at' in expiry ? expiry.at : new Date(now.getTime() + expiry.inMs)).toISOString()
}
