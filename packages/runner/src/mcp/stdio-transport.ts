import {
  deserializeMessage,
  type JSONRPCMessage,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client'

import type { BoxedProcess } from '../box/index.ts'
import { longestMessageBytes } from './connection.ts'

/** What a server may leave unread of what it is told, before it is taken for one that hangs. */
const mostUnreadBytes = 2 * longestMessageBytes

/**
 * MCP over the standard streams of a program that may be hostile: a message has an end, and what it does not
 * read is not kept without one. Lines that are no message are left out: some servers print there.
 *
 * @param onFault why the program is not listened to any more
 */
export function openStdioTransport(
  program: Pick<BoxedProcess, 'stdin' | 'stdout'>,
  onFault: (reason: string) => void,
): Transport {
  let isOver = false
  const transport: Transport = {
    async start() {
      program.stdin.on('error', over)
      program.stdout.on('error', over).on('end', over)
      const lines = splitLines((line) => {
        if (isOver) return
        const message = parse(line)
        if (message !== undefined) transport.onmessage?.(message)
      })
      program.stdout.on('data', (chunk: Buffer) => {
        if (isOver || lines.add(chunk)) return
        fail(`sent a message of more than ${longestMessageBytes / 1024 / 1024} MiB`)
      })
    },
    async send(message) {
      if (isOver) throw new Error('the server has ended')
      program.stdin.write(serializeMessage(message))
      if (program.stdin.writableLength > mostUnreadBytes) fail('does not read what it is told')
    },
    async close() {
      over()
    },
  }
  function over(): void {
    if (isOver) return
    isOver = true
    transport.onclose?.()
  }
  function fail(reason: string): void {
    onFault(reason)
    over()
  }
  return transport
}

function parse(line: string): JSONRPCMessage | undefined {
  try {
    return deserializeMessage(line)
  } catch {
    return undefined
  }
}

/** Each byte is looked at once, however small the pieces are that it comes in. */
function splitLines(onLine: (line: string) => void): { add: (chunk: Buffer) => boolean } {
  let held: Buffer[] = []
  let heldBytes = 0
  return {
    /** False where a line is too long. */
    add(chunk) {
      let rest = chunk
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        if (heldBytes + end > longestMessageBytes) return false
        const line = Buffer.concat([...held, rest.subarray(0, end)]).toString('utf8')
        held = []
        heldBytes = 0
        rest = rest.subarray(end + 1)
        if (line.trim() !== '') onLine(line)
      }
      held.push(rest)
      heldBytes += rest.length
      return heldBytes <= longestMessageBytes
    },
  }
}
