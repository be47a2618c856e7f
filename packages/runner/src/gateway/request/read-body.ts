import type { IncomingMessage } from 'node:http'

import { GatewayRefusal } from '../refusal.ts'

/** @throws GatewayRefusal 413, 415 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new GatewayRefusal(415, 'Send the body without Content-Encoding')
  }
  const chunks: Buffer[] = []
  let length = 0
  // Nobody has set an encoding: chunks are buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > limitBytes) {
      throw new GatewayRefusal(413, `The body is longer than ${limitBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
