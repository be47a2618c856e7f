/** How long what a forge said is believed: what it takes back is noticed within this. */
const believedMs = 60_000
const mostEntries = 4000

interface Entry<T> {
  value: T
  until: number
}

/**
 * Remembers values for a minute from when they were asked for. Whoever asks while another does gets the
 * same answer: one question is asked once.
 */
export function createMemory<T>(clock: () => number = Date.now) {
  const entries = new Map<string, Entry<T>>()
  const asking = new Map<string, Promise<T>>()

  async function renew(
    key: string,
    ask: (old: T | undefined) => Promise<{ value: T; isKept: boolean }>,
  ): Promise<T> {
    // From before the question: the answer may be as old as that.
    const until = clock() + believedMs
    const { value, isKept } = await ask(entries.get(key)?.value)
    entries.delete(key)
    if (isKept) entries.set(key, { value, until })
    // A map gives its keys in the order they came: the first is the oldest.
    const [oldest] = entries.keys()
    if (entries.size > mostEntries && oldest !== undefined) entries.delete(oldest)
    return value
  }

  /**
   * The value; `ask` is only called where none is known, or the one known is too old, which it gets. With
   * `asksAnew` none is young enough.
   */
  return async function remember(
    key: string,
    ask: (old: T | undefined) => Promise<{ value: T; isKept: boolean }>,
    asksAnew = false,
  ): Promise<T> {
    // A question under way may have been answered a moment ago.
    if (asksAnew) return await renew(key, ask)
    const known = entries.get(key)
    if (known !== undefined && known.until > clock()) return known.value
    const running = asking.get(key)
    if (running !== undefined) return await running
    const asked = renew(key, ask).finally(() => asking.delete(key))
    asking.set(key, asked)
    return await asked
  }
}
