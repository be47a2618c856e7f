import type { Socket } from 'node:net'

import { readBytes } from './read-bytes.ts'

/** What a client of a SOCKS proxy asks to be connected with. */
export interface SocksTarget {
  host: string
  port: number
}

/** Of RFC 1928, 6. */
export const socksReplies = { succeeded: 0, notAllowed: 2, refused: 5 } as const

const version = 5
const noAuthentication = 0
const connectCommand = 1
const addressTypes = { ipv4: 1, domain: 3, ipv6: 4 } as const

/**
 * Reads what a client of version 5 asks for (RFC 1928, 3 and 4), and answers what comes before. Undefined for what
 * is something else. Never rejects.
 */
export async function readSocksTarget(
  client: Socket,
  signal: AbortSignal,
): Promise<SocksTarget | undefined> {
  const take = (count: number): Promise<Buffer | undefined> => readBytes(client, count, signal)
  const greeting = await take(2)
  if (greeting?.[0] !== version) return undefined
  const methods = await take(greeting[1] ?? 0)
  if (methods?.includes(noAuthentication) !== true) return undefined
  client.write(Buffer.from([version, noAuthentication]))
  const request = await take(4)
  if (request?.[0] !== version || request[1] !== connectCommand) return undefined
  const host = await readHost(request[3], take)
  const port = await take(2)
  return host === undefined || port === undefined ? undefined : { host, port: port.readUInt16BE() }
}

async function readHost(
  type: number | undefined,
  take: (count: number) => Promise<Buffer | undefined>,
): Promise<string | undefined> {
  switch (type) {
    case addressTypes.ipv4:
      return (await take(4))?.join('.')
    case addressTypes.ipv6: {
      const groups = (await take(16))?.toString('hex').match(/.{4}/g)
      return groups?.join(':')
    }
    case addressTypes.domain: {
      const length = (await take(1))?.[0] ?? 0
      const name = length === 0 ? undefined : await take(length)
      // Some write an address as a URL does.
      return name?.toString('latin1').replace(/^\[(.*)\]$/, '$1')
    }
    default:
      return undefined
  }
}

/** The answer to what was asked for. Where the proxy connects from is nobody's business. */
export function socksReply(reply: (typeof socksReplies)[keyof typeof socksReplies]): Buffer {
  return Buffer.from([version, reply, 0, addressTypes.ipv4, 0, 0, 0, 0, 0, 0])
}
