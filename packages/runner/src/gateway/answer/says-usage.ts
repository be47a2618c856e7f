import type { ModelApi } from '../tokens/token-report.ts'

const [space, colon, quote, firstOfNull] = [0x20, 0x3a, 0x22, 0x6e]

/** A member that tells of tokens or of the end. */
interface Marker {
  name: Buffer
  /** Whether only a text tells it; else anything but null. */
  isText: boolean
}

const usage: Marker = { name: Buffer.from('"usage"'), isText: false }
const finish: Marker = { name: Buffer.from('"finish_reason"'), isText: true }
const markers: Partial<Record<ModelApi, readonly Marker[]>> = {
  messages: [usage],
  responses: [usage],
  chat_completions: [usage, finish],
}

/**
 * Whether complete events of a stream may tell of tokens, or of its end. Looks for the names alone: most of a
 * stream is text, and need not be parsed. What a model writes has its quotes escaped, and is no such name.
 * Some servers write `null` where there is nothing to tell.
 */
export function saysUsage(api: ModelApi, bytes: Buffer): boolean {
  const known = markers[api]
  return known === undefined || known.some((marker) => holds(bytes, marker))
}

function holds(bytes: Buffer, { name, isText }: Marker): boolean {
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + name.length)) {
    let next = skipSpace(bytes, at + name.length)
    if (bytes[next] !== colon) continue
    next = skipSpace(bytes, next + 1)
    if (isText ? bytes[next] === quote : bytes[next] !== firstOfNull) return true
  }
  return false
}

function skipSpace(bytes: Buffer, at: number): number {
  while (bytes[at] === space) at += 1
  return at
}
