import { nothing, type Step } from '../gateway/answer/step.ts'

/** Takes secrets out of texts and streams, whichever way they are written there. */
export interface Redaction {
  /** A text without them. */
  text: (text: string) => string
  /** The same of a text that goes on: what at its end may be the beginning of a secret is `held` back. */
  begin: (text: string) => { sure: string; held: string }
  bytes: (bytes: Buffer) => Buffer
  /** Without them across the chunks of a stream. Every other byte passes as it comes, at once. */
  step: () => Step
}

export interface RedactionOptions {
  /** In bytes. Shorter ones are left: they keep no secret, and would be found in every other word. Default: 8. */
  shortest?: number
  /** What stands in place of a secret. Default: as many stars as it has bytes. */
  mask?: string
  /**
   * Whether base64 may be broken into lines, as programs write it: then each sixteen letters of a longer secret are
   * looked for as well, and only those around a line's end stay. Default: false, as it takes longer.
   */
  wraps?: boolean
}

/** Bytes by which secrets are looked up. Nothing shorter is ever looked for. */
const keyLength = 4
/** Fewer letters from the middle of base64 could be a part of anything. */
const shortestMiddle = 8
/** Measured: where searching for each of some secrets is faster than looking at each byte. */
const longChunk = 2048
const mostSearches = 64

/**
 * What is found is what begins first, and of that the longest: thus a stream comes out the same wherever it
 * is cut. Held back is never more than the longest secret has.
 */
export function createRedaction(
  secrets: readonly string[],
  { shortest = 8, mask, wraps = false }: RedactionOptions = {},
): Redaction {
  const least = Math.max(shortest, keyLength)
  const forms = secrets
    .filter((secret) => Buffer.byteLength(secret) >= least)
    .flatMap((secret) => [...formsOf(secret, least), ...(wraps ? piecesOf(secret) : [])])
  const needles = [...new Set(forms)]
    .map((form) => Buffer.from(form))
    .toSorted((a, b) => b.length - a.length)
  const longest = needles[0]?.length ?? 0
  // Where none of these is, none of those is that have one of these in them.
  const searched = needles.filter(
    (needle) => !needles.some((other) => other.length < needle.length && needle.includes(other)),
  )
  const byKey = Map.groupBy(needles, (needle) => needle.readUInt32BE(0))
  const firsts = new Uint8Array(256)
  for (const needle of needles) firsts[needle[0] ?? 0] = 1

  /**
   * The longest secret at a place. `unsure` where what is there may go on to be one, or a longer one: not of
   * the last bytes, that nothing follows.
   */
  function findAt(bytes: Buffer, at: number, isLast: boolean): Buffer | 'unsure' | undefined {
    const left = bytes.length - at
    if (isLast && left < keyLength) return undefined
    const candidates = left < keyLength ? needles : (byKey.get(bytes.readUInt32BE(at)) ?? [])
    for (const needle of candidates) {
      const length = Math.min(left, needle.length)
      const isWhole = length === needle.length
      if (isLast && !isWhole) continue
      if (bytes.compare(needle, 0, length, at, at + length) !== 0) continue
      return isWhole ? needle : 'unsure'
    }
    return undefined
  }

  /** Before it nothing can be found: of long chunks the machine says so faster than a loop. */
  function firstPlace(bytes: Buffer): number {
    if (bytes.length < longChunk || searched.length > mostSearches) return 0
    const places = searched.map((needle) => bytes.indexOf(needle)).filter((place) => place !== -1)
    // What was found may stand in the middle of a longer one.
    const begins = places.map((place) => place - longest)
    return Math.max(0, Math.min(...begins, bytes.length - longest + 1))
  }

  /** The bytes without secrets, and what at their end may be the beginning of one. */
  function scan(bytes: Buffer, isLast: boolean): { sure: Buffer; held: Buffer } {
    const parts: Buffer[] = []
    let from = 0
    let end = bytes.length
    for (let at = firstPlace(bytes); at < bytes.length; at += 1) {
      if (firsts[bytes[at] ?? 0] === 0) continue
      const found = findAt(bytes, at, isLast)
      if (found === undefined) continue
      if (found === 'unsure') {
        end = at
        break
      }
      parts.push(bytes.subarray(from, at), Buffer.from(mask ?? '*'.repeat(found.length)))
      from = at + found.length
      at = from - 1
    }
    const rest = bytes.subarray(from, end)
    return {
      sure: parts.length === 0 ? rest : Buffer.concat([...parts, rest]),
      held: bytes.subarray(end),
    }
  }

  const bytes = (given: Buffer): Buffer => (needles.length === 0 ? given : scan(given, true).sure)

  return {
    bytes,
    text: (text) => (needles.length === 0 ? text : bytes(Buffer.from(text)).toString()),
    begin(text) {
      if (needles.length === 0) return { sure: text, held: '' }
      // A secret begins where a character does: neither part ends within one.
      const { sure, held } = scan(Buffer.from(text), false)
      return { sure: sure.toString(), held: held.toString() }
    },
    step() {
      let held: Buffer = nothing
      return {
        push(chunk) {
          if (needles.length === 0 || chunk.length === 0) return chunk
          const scanned = scan(held.length === 0 ? chunk : Buffer.concat([held, chunk]), false)
          // What came in is the socket's.
          held = Buffer.from(scanned.held)
          return scanned.sure
        },
        end() {
          const rest = bytes(held)
          held = nothing
          return rest
        },
      }
    },
  }
}

/** Lines of base64 are of 76 letters at most (RFC 2045, 6.8), or of 64 in PEM. */
const shortestLine = 64
const pieceLength = 16

/** Of what is longer than one line, in each of the ways it may lie. */
function piecesOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((before) =>
    base64Of(bytes, before).flatMap((letters) =>
      letters.length <= shortestLine ? [] : (letters.match(pieces) ?? []),
    ),
  )
}

const pieces = new RegExp(`.{${pieceLength}}`, 'g')

/** As they are, and as JSON, URLs, hex and base64 write them. */
function formsOf(secret: string, shortest: number): string[] {
  const bytes = Buffer.from(secret)
  const url = encodeURIComponent(secret)
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
    url,
    url.replaceAll(/%../g, (code) => code.toLowerCase()),
    // As forms are sent, which writes a few more characters by their code.
    new URLSearchParams([['', secret]]).toString().slice(1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    Buffer.from(bytes.toReversed()).toString(),
    ...[0, 1, 2].flatMap((before) => base64Of(bytes, before)),
  ]
  return forms.filter((form) => Buffer.byteLength(form) >= shortest)
}

/**
 * What base64 is sure to have of a secret with so many bytes before it, of each three. The letters at its
 * ends depend on what stands beside it: they stay, and say less than a byte. Its middle alone is looked for too: it
 * says nearly all.
 */
function base64Of(bytes: Buffer, before: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(before), bytes])
  const [first, end] = [Math.ceil((before * 4) / 3), Math.floor((padded.length * 4) / 3)]
  return (['base64', 'base64url'] as const).flatMap((form) => {
    const letters = padded.toString(form)
    const middle = letters.slice(4, -4)
    return [letters.slice(first, end), ...(middle.length < shortestMiddle ? [] : [middle])]
  })
}
