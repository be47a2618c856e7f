/** Longest element looked into; a longer one passes, unread. */
const longestElement = 8 * 1024 * 1024

const [quote, backslash] = [0x22, 0x5c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * Reads the elements of a JSON array of objects from a stream as it passes, as Gemini streams without
 * `alt=sse`. Give it every chunk; it calls `onElement` with the text of each object that is complete.
 */
export function createArrayReader(onElement: (text: string) => void): (chunk: Uint8Array) => void {
  // Of what is outside of every object, nothing is kept. The array itself is depth 1.
  let depth = 0
  let isText = false
  let isEscaped = false
  let parts: Uint8Array[] = []
  let length = 0

  function keep(part: Uint8Array): void {
    length += part.length
    if (length <= longestElement) parts.push(part)
    else parts = []
  }

  return (chunk) => {
    let start = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (isText) {
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) isText = false
      } else if (byte === quote) {
        isText = true
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1
        if (depth === 2) start = at
      } else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1
        if (depth !== 1) continue
        keep(chunk.subarray(start, at + 1))
        if (length <= longestElement) onElement(Buffer.concat(parts).toString('utf8'))
        parts = []
        length = 0
      }
    }
    // What is kept must not change with the buffer of the socket.
    if (depth >= 2) keep(Uint8Array.from(chunk.subarray(start)))
  }
}
