/** Longest text kept in an event; what an agent prints beyond it is cut, and says so. */
export const eventTextLimit = 32_768

/** Deepest nesting kept: what an agent sends must not overflow a stack, ours or PostgreSQL's. */
const depthLimit = 20

/**
 * Makes what an agent reported fit for jsonb, which refuses NUL and lone surrogates: they become
 * U+FFFD. Long texts are cut.
 */
export function storableJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object') return undefined
  if (depth >= depthLimit) return '[nested too deep]'
  if (Array.isArray(value)) return value.slice(0, 1000).map((item) => storableJson(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 1000)
      .map(([key, item]) => [storableText(key), storableJson(item, depth + 1)]),
  )
}

/** Text as PostgreSQL can store it, cut at `limit` characters. */
export function storableText(text: string, limit = eventTextLimit): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}… [cut]` : text
  return cut.toWellFormed().replaceAll('\u0000', '\uFFFD')
}
