import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

import { describe, expect, it, onTestFinished } from 'vitest'

import { openTestFirewall } from '../testing/open-test-firewall.ts'

type Site = Awaited<ReturnType<typeof openTestFirewall>>

/** A connection on which everything is written by hand. */
async function connectTo({ firewall }: Site) {
  const socket = connect(firewall.socketPath)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

describe('a body that is the next request for who reads it otherwise', () => {
  const hidden = 'POST /secret HTTP/1.1\r\nhost: other.test\r\ncontent-length: 0\r\n\r\n'

  it.each([
    ['GET', 'connection: keep-alive, content-length'],
    ['DELETE', 'connection: content-length'],
    ['OPTIONS', 'connection: close, Content-Length, host'],
  ])('stays a body: %s with %s', async (method, header) => {
    const seen: string[] = []
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      void text(request).then((body) => {
        seen.push(`${request.method} ${request.headers.host?.split(':')[0]}${request.url} ${body}`)
        response.end('seen')
      })
    }
    await using site = await openTestFirewall(['contoso.test'], { serve })
    const socket = await connectTo(site)
    const url = `http://contoso.test:${site.ports.http}/allowed`
    const length = `content-length: ${hidden.length}`
    socket.write(`${method} ${url} HTTP/1.1\r\nhost: x\r\n${length}\r\n${header}\r\n\r\n${hidden}`)
    const [answer] = (await once(socket, 'data')) as [Buffer]

    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/)
    // Another, so that what came first was read to its end.
    await site.plain('http://contoso.test:HTTP/after')
    expect(seen).toEqual([`${method} contoso.test/allowed ${hidden}`, 'GET contoso.test/after '])
  })
})

it('requests without end on one connection are refused, and no server is asked for each', async () => {
  let asked = 0
  const serve = (): void => void (asked += 1)
  await using site = await openTestFirewall(['contoso.test'], { serve })
  const socket = await connectTo(site)
  const answers: Buffer[] = []
  socket.on('data', (chunk: Buffer) => answers.push(chunk))
  const url = `http://contoso.test:${site.ports.http}/`

  socket.write(`GET ${url} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(1500))

  await expect.poll(() => asked).toBe(512)
  const other = await site.plain('http://contoso.test:HTTP/')
  expect([other.status, asked]).toEqual([503, 512])
})
