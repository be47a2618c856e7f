const patienceMs = 60_000

/** Reads until what is there is what is waited for, or a minute is over: then the test says what it found in its place. */
export async function readUntil<T>(
  read: () => Promise<T>,
  isThere: (found: T) => boolean,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const found = await read()
    if (isThere(found) || performance.now() > giveUpAt) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
