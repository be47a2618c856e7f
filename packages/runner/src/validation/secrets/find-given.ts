import { createRedaction } from '../../redaction/redact-secrets.ts'
import type { FoundSecret } from '../analysis/tasks.ts'

/** What a found secret of the session's own is told by. */
export const givenRule = 'given'

/** Of a secret of many lines each that says much is looked for as well; what only frames it says nothing. */
const shortestLine = 32
const mostFound = 100

/**
 * Finds the secrets of a session, written in any of the ways the mask knows: as they are, in JSON, URLs, hex
 * and base64. One of fewer than eight bytes is not looked for: it would be found everywhere.
 */
export function openGivenSearch(secrets: readonly string[]): (bytes: Uint8Array) => FoundSecret[] {
  const parts = secrets.flatMap((secret) => [secret.trim(), ...longLines(secret)])
  if (parts.length === 0) return () => []
  const redaction = createRedaction([...new Set(parts)], { wraps: true })
  return (bytes) => {
    const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    // Of UTF-16 too, where every other byte is zero.
    const views = given.includes(0) ? [given, withoutZeros(given)] : [given]
    return views.flatMap((view) => differences(view, redaction.bytes(view)))
  }
}

/** By a loop into one buffer: `filter` collects a number for each byte, which of a large file fills the heap. */
function withoutZeros(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte !== 0) kept[length++] = byte
  }
  return kept.subarray(0, length)
}

function longLines(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  if (lines.length === 1) return []
  return lines.filter((line) => line.length >= shortestLine && !line.startsWith('-----'))
}

/** A secret is masked by as many stars as it has bytes, so what differs is one. */
function differences(bytes: Buffer, masked: Buffer): FoundSecret[] {
  if (bytes.equals(masked)) return []
  const found: FoundSecret[] = []
  let line = 1
  for (let at = 0; at < bytes.length && found.length < mostFound; at += 1) {
    if (bytes[at] !== masked[at]) {
      const start = at
      while (at < bytes.length && bytes[at] !== masked[at]) at += 1
      const value = bytes.subarray(start, at).toString('utf8')
      found.push({ rule: givenRule, message: 'a secret that the agent was given', line, value })
    }
    if (bytes[at] === 10) line += 1
  }
  return found
}
