/** What the beginning of a connection tells of it. */
export type Hello =
  | { type: 'incomplete' }
  | { type: 'not_tls' }
  /** `serverName` is absent where the client names none, as for an address. */
  | { type: 'tls'; serverName?: string }

/** Of a ClientHello: post-quantum keys have made it 2 KB, tickets more. */
export const longestHelloBytes = 32 * 1024

/** Clients that split it make a handful. */
const mostRecords = 64
const handshakeRecord = 22
const clientHello = 1
const serverNameExtension = 0
const hostName = 0

/**
 * Reads the server's name (SNI) from the first bytes a TLS client sends (RFC 8446 4.1.2, RFC 6066 3). A
 * message may be split over several records.
 */
export function readClientHello(bytes: Buffer): Hello {
  const message = joinRecords(bytes)
  if (message === 'not_tls') return { type: 'not_tls' }
  if (message === undefined) {
    return { type: bytes.length >= longestHelloBytes ? 'not_tls' : 'incomplete' }
  }
  try {
    return { type: 'tls', ...nameIn(message) }
  } catch (error) {
    // Lengths that lead beyond the end: no TLS client writes them.
    if (error instanceof RangeError) return { type: 'not_tls' }
    throw error
  }
}

/** The ClientHello without its records' headers; undefined when some of it has yet to come. */
function joinRecords(bytes: Buffer): Buffer | 'not_tls' | undefined {
  const parts: Buffer[] = []
  let have = 0
  for (let at = 0; at < bytes.length;) {
    if (parts.length === mostRecords) return 'not_tls'
    if (bytes[at] !== handshakeRecord) return 'not_tls'
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return 'not_tls'
    if (bytes.length < at + 5) return undefined
    const length = bytes.readUInt16BE(at + 3)
    if (length === 0 || length > 16_384) return 'not_tls'
    const part = bytes.subarray(at + 5, at + 5 + length)
    parts.push(part)
    have += part.length
    if (have > longestHelloBytes) break
    if (part.length < length) break
    at += 5 + length
  }
  const message = Buffer.concat(parts, have)
  if (message.length > 0 && message[0] !== clientHello) return 'not_tls'
  if (message.length < 4) return undefined
  const wanted = 4 + message.readUIntBE(1, 3)
  if (wanted > longestHelloBytes) return 'not_tls'
  return message.length >= wanted ? message.subarray(4, wanted) : undefined
}

function nameIn(hello: Buffer): { serverName?: string } {
  // Version and random, then the session's id, the cipher suites and the compression methods.
  let at = 2 + 32
  at += 1 + hello.readUInt8(at)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello.readUInt8(at)
  if (at >= hello.length) return {}
  const end = at + 2 + hello.readUInt16BE(at)
  for (at += 2; at + 4 <= end;) {
    const type = hello.readUInt16BE(at)
    const length = hello.readUInt16BE(at + 2)
    if (type === serverNameExtension) return readServerName(hello, at + 4)
    at += 4 + length
  }
  return {}
}

function readServerName(hello: Buffer, at: number): { serverName?: string } {
  if (hello.readUInt8(at + 2) !== hostName) return {}
  const length = hello.readUInt16BE(at + 3)
  const name = hello.subarray(at + 5, at + 5 + length)
  if (name.length !== length) throw new RangeError('the name is cut off')
  return { serverName: name.toString('latin1') }
}
