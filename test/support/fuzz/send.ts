import { type Agent, request as httpRequest } from 'node:http'
import type { FuzzedRequest } from './request.ts'

/** GitHub ends what takes longer (behaviour.md 2.4). */
const limitMs = 10_000

export interface FuzzedAnswer {
  status: number
  contentType: string
  text: string
}

/**
 * Sends a request as it is.
 *
 * @throws when the server hangs up, or does not answer within ten seconds
 */
export async function send(
  url: string,
  agent: Agent,
  request: Omit<FuzzedRequest, 'operation'>,
): Promise<FuzzedAnswer> {
  for (;;) {
    try {
      return await sendOnce(url, agent, request)
    } catch (error) {
      // A connection that was kept may be closed while the next request is on its way.
      if (!(error instanceof KeptConnectionClosed)) throw error
    }
  }
}

class KeptConnectionClosed extends Error {}

async function sendOnce(
  url: string,
  agent: Agent,
  { method, path, headers, body }: Omit<FuzzedRequest, 'operation'>,
): Promise<FuzzedAnswer> {
  const { hostname, port } = new URL(url)
  // Node gives a GET's body no length of itself: what follows would be read as the next request.
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  const all = { ...headers, ...length }
  return await new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, agent, method, path, headers: all }, (response) => {
      const chunks: Buffer[] = []
      const contentType = response.headers['content-type'] ?? ''
      const finish = () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, contentType, text })
      }
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', reject)
      response.on('end', finish)
      // It goes on as long as its task does: what answers is its beginning.
      if (contentType.startsWith('text/event-stream')) {
        finish()
        sent.destroy()
      }
    })
    sent.setTimeout(limitMs, () => sent.destroy(new Error('no answer within ten seconds')))
    sent.on('error', (error) => {
      const isReset = 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code))
      reject(isReset && sent.reusedSocket ? new KeptConnectionClosed() : error)
    })
    sent.end(body)
  })
}
