import type { IncomingMessage } from 'node:http'

import { AgentGone, GatewayRefusal } from '../refusal.ts'

/**
 * By the stream's events: an iteration over it takes twice as long, and the agent waits for it.
 *
 * @throws GatewayRefusal 413, 415
 * @throws AgentGone
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    return Promise.reject(new GatewayRefusal(415, 'Send the body without Content-Encoding'))
  }
  // Of that, nothing would be heard any more.
  if (request.destroyed) return Promise.reject(new AgentGone('before it had asked'))
  const body = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let length = 0
  // Nobody has set an encoding: chunks are buffers.
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= limitBytes) {
      chunks.push(chunk)
      return
    }
    // The rest is nobody's, and goes away with the answer.
    request.removeAllListeners('data').pause()
    body.reject(new GatewayRefusal(413, `The body is longer than ${limitBytes} bytes`))
  })
  const onGone = (): void => body.reject(new AgentGone('before it had asked'))
  request.on('error', onGone).on('close', onGone)
  request.once('end', () => {
    // What is read closes as well, and no error is made of it.
    request.off('error', onGone).off('close', onGone)
    body.resolve(joined(chunks))
  })
  return body.promise
}

/** Most requests come in one piece. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks)
}
