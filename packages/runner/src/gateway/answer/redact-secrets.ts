import { createFinder } from './find-any.ts'
import { nothing, type Step } from './step.ts'

/** Shorter ones keep no secret, and would be found in every other word. */
const shortestSecret = 8
const star = 0x2a

/** Takes secrets out of texts and streams, whichever way they are written there. */
export interface Redaction {
  /** A text without them, as long as before. */
  text: (text: string) => string
  bytes: (bytes: Buffer) => Buffer
  /** Without them across the chunks of a stream. Every other byte passes as it comes, at once. */
  step: () => Step
}

const known = new Map<string, Redaction>()
/** Tokens of clouds change by the hour. */
const mostKnown = 100

/** @param secrets that went with a request: an upstream may say them again */
export function createRedaction(secrets: readonly string[]): Redaction {
  const key = JSON.stringify(secrets)
  const redaction = known.get(key) ?? prepareRedaction(secrets)
  // The one that is used stays longest.
  known.delete(key)
  known.set(key, redaction)
  const [oldest] = known.keys()
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest)
  return redaction
}

function prepareRedaction(secrets: readonly string[]): Redaction {
  const needles = [
    ...new Set(secrets.filter(({ length }) => length >= shortestSecret).flatMap(formsOf)),
  ].map((form) => Buffer.from(form))
  const find = createFinder(needles)
  const firsts = new Set(needles.map((needle) => needle[0]))
  const inside = new Uint8Array(256)
  for (const needle of needles) for (const byte of needle) inside[byte] = 1
  const longest = Math.max(0, ...needles.map(({ length }) => length))

  function bytes(given: Buffer): Buffer {
    const found = find(given)
    if (found.length === 0) return given
    // What came in is the socket's.
    const redacted = Buffer.from(given)
    for (const { start, end } of found) redacted.fill(star, start, end)
    return redacted
  }

  /** How many bytes at the end may be the beginning of a secret. */
  function unsureTail(chunk: Buffer): number {
    // Nearly always the end of an event, which none has in it.
    if (inside[chunk[chunk.length - 1] ?? 0] === 0) return 0
    for (let at = Math.max(0, chunk.length - longest + 1); at < chunk.length; at += 1) {
      if (!firsts.has(chunk[at])) continue
      const tail = chunk.subarray(at)
      const begins = (needle: Buffer): boolean =>
        tail.length < needle.length && needle.subarray(0, tail.length).equals(tail)
      if (needles.some(begins)) return tail.length
    }
    return 0
  }

  function step(): Step {
    let held: Buffer = nothing
    return {
      push(chunk) {
        if (needles.length === 0 || chunk.length === 0) return chunk
        const whole = bytes(held.length === 0 ? chunk : Buffer.concat([held, chunk]))
        const unsure = unsureTail(whole)
        if (unsure === 0) {
          held = nothing
          return whole
        }
        held = Buffer.from(whole.subarray(whole.length - unsure))
        return whole.subarray(0, whole.length - unsure)
      },
      end() {
        const rest = held
        held = nothing
        return rest
      },
    }
  }

  return { bytes, step, text: (text) => bytes(Buffer.from(text)).toString() }
}

/**
 * As they are, and as JSON, URLs, hex and base64 write them. The ends of base64 depend on what stands
 * beside it: they stay, and say too little.
 */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const shifted = [0, 1, 2].map((skip) => Buffer.concat([Buffer.alloc(skip), bytes]))
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    Buffer.from(bytes.toReversed()).toString(),
    ...shifted.flatMap((one) =>
      (['base64', 'base64url'] as const).map((form) => one.toString(form).slice(4, -4)),
    ),
  ]
  return forms.filter(({ length }) => length >= shortestSecret)
}
