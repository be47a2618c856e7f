/**
 * Whether text is what a pattern says, in which `*` stands for any characters but `/` and `**` for any.
 * Everything else stands for itself. Takes no more steps than pattern and text are long, multiplied:
 * the text is somebody else's.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = [...pattern.matchAll(/\*\*|\*|[^*]/gs)].map(([part]) => part)
  // The places in the pattern at which one could be after the text so far.
  let places = skipStars(parts, new Set([0]))
  for (const character of text) {
    const next = new Set<number>()
    for (const at of places) {
      const part = parts[at]
      if (part === '**' || (part === '*' && character !== '/')) next.add(at)
      else if (part === character) next.add(at + 1)
    }
    if (next.size === 0) return false
    places = skipStars(parts, next)
  }
  return places.has(parts.length)
}

/** A star may also stand for nothing. */
function skipStars(parts: readonly string[], places: Set<number>): Set<number> {
  // A set that is added to while it is walked is walked to its end.
  for (const at of places) if (parts[at]?.startsWith('*') === true) places.add(at + 1)
  return places
}
