/** Takes a text of any length in pieces, and keeps its beginning and its end. */
export interface EndKeeper {
  add: (text: string) => void
  /** What was kept, with a line between that says how much was left out. */
  text(): string
}

/** @param limit characters kept at most, half of them of the end */
export function keepEnds(limit: number): EndKeeper {
  const half = Math.floor(limit / 2)
  let head = ''
  let tail = ''
  let length = 0
  return {
    add(text) {
      length += text.length
      const room = half - head.length
      head += text.slice(0, room)
      tail = (tail + text.slice(Math.max(room, 0))).slice(-half)
    },
    text() {
      const leftOut = length - head.length - tail.length
      if (leftOut === 0) return head + tail
      // Half of a character that was cut through is no text: who reads it as UTF-8 refuses all of it.
      return `${head}\n[... ${leftOut} characters left out ...]\n${tail}`.toWellFormed()
    },
  }
}

/** A text cut in its middle to about `limit` characters. */
export function cutMiddle(text: string, limit: number): string {
  const ends = keepEnds(limit)
  ends.add(text)
  return ends.text()
}
