/** Longest text kept in an event; what an agent prints beyond it is cut, and says so. */
export const eventTextLimit = 65_536

/** Most text kept in one event, all its texts together. */
const eventLimit = 2 * eventTextLimit

/** Deepest nesting kept: what an agent sends must not overflow a stack, ours or PostgreSQL's. */
const depthLimit = 20

/** Most entries kept of one list or object. */
const entryLimit = 1000

/**
 * Makes what an agent reported fit to be stored: NUL and lone surrogates, which jsonb refuses, become
 * U+FFFD; what is too long, too many or too deep is cut. However large what came in, what comes out
 * has at most `limit` characters of text.
 */
export function storableJson(value: unknown, limit = eventLimit): unknown {
  return fit(value, 0, { left: limit })
}

function fit(value: unknown, depth: number, budget: { left: number }): unknown {
  if (typeof value === 'string') return fitText(value, budget)
  // Not a text, but not free either: a list of lists of numbers can be as large.
  budget.left -= 8
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object') return undefined
  if (depth >= depthLimit) return '[nested too deep]'
  if (Array.isArray(value)) {
    return Array.from(whileLeft(value, budget), (item) => fit(item, depth + 1, budget) ?? null)
  }
  return Object.fromEntries(
    Array.from(whileLeft(Object.entries(value), budget), ([key, item]) => [
      fitText(key, budget),
      fit(item, depth + 1, budget),
    ]),
  )
}

/** The entries there is room for: looked at one by one, while each takes its part. */
function* whileLeft<T>(items: T[], budget: { left: number }): Generator<T> {
  for (const item of items.slice(0, entryLimit)) {
    if (budget.left <= 0) return
    yield item
  }
}

function fitText(text: string, budget: { left: number }): string {
  const fitted = storableText(text, Math.max(0, Math.min(eventTextLimit, budget.left)))
  budget.left -= fitted.length
  return fitted
}

/** Text as PostgreSQL can store it, cut at `limit` characters. Default: not cut. */
export function storableText(text: string, limit = Infinity): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}… [cut]` : text
  return cut.toWellFormed().replaceAll('\u0000', '\uFFFD')
}
