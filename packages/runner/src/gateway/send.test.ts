import { once } from 'node:events'
import { createServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Server, Socket } from 'node:net'

import { afterEach, expect, it } from 'vitest'

import { AgentGone } from './refusal.ts'
import { type IncomingAnswer, send, Unreachable } from './send.ts'
import { addressOf } from './upstreams/address.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<URL> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages?beta=true`)
}

/** Answers every call on a connection with these bytes, and nothing else. */
async function listenRaw(answer: string): Promise<URL> {
  return await listen(
    createRawServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')))
    }),
  )
}

const upstream = async (answer: RequestListener): Promise<URL> => await listen(createServer(answer))
const agent = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))
const call = async (url: URL, response = agent()): Promise<IncomingAnswer> =>
  await send(
    { ...addressOf(url), headers: { 'x-of-agent': 'one' }, body: Buffer.from('{}'), secrets: [] },
    response,
  )

async function readAll({ body }: IncomingAnswer): Promise<string[]> {
  const chunks: string[] = []
  for await (const chunk of body) chunks.push(chunk.toString())
  return chunks
}

it('what comes at once is one chunk, however many events are in it', async () => {
  const events = Array.from({ length: 300 }, (_, at) => `data: ${at}\n\n`)
  const url = await upstream((request, response) => {
    response.setHeader('x-path', request.url ?? '')
    for (const event of events) response.write(event)
    response.end()
  })

  const answer = await call(url)
  const chunks = await readAll(answer)

  expect(answer.headers['x-path']).toBe('/v1/messages?beta=true')
  expect(chunks.join('')).toBe(events.join(''))
  expect(chunks.length).toBeLessThan(events.length / 10)
})

it('a kept connection that is closed as it is used again costs nobody anything', async () => {
  const closed: Socket[] = []
  const used = new WeakSet<Socket>()
  const url = await upstream((request, response) => {
    if (!used.has(request.socket)) response.end('{}')
    else {
      closed.push(request.socket)
      request.socket.destroy()
    }
    used.add(request.socket)
  })

  // Which connection is taken is up to the pool.
  for (let calls = 0; calls < 20 && closed.length === 0; calls += 1) {
    const answer = await call(url)
    expect([answer.status, await readAll(answer)]).toEqual([200, ['{}']])
  }

  expect(closed).toHaveLength(1)
})

it('a new connection that is closed is not tried again', async () => {
  let calls = 0
  const url = await upstream((request) => {
    calls += 1
    request.socket.destroy()
  })

  await expect(call(url)).rejects.toThrow(Unreachable)
  expect(calls).toBe(1)
})

it('what comes before an answer is none', async () => {
  const url = await listenRaw(
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}',
  )

  const answer = await call(url)

  expect([answer.status, answer.headers['link'], await readAll(answer)]).toEqual([
    201,
    undefined,
    ['{}'],
  ])
})

it('headers are read byte by byte, and values of one name stand in one', async () => {
  const url = await listenRaw(
    'HTTP/1.1 200 OK\r\nX-Name: caf\u00e9\r\nx-limit: 1\r\nX-Limit: 2\r\ncontent-length: 0\r\n\r\n',
  )

  const { headers } = await call(url)

  expect(headers).toMatchObject({ 'x-name': 'caf\u00e9', 'x-limit': '1, 2' })
})

it.each([
  ['a length that is not kept', 'content-length: 9\r\n\r\ndata'],
  ['a chunk that breaks off', 'transfer-encoding: chunked\r\n\r\n4\r\ndata\r\n5\r\nda'],
  ['a chunk of no length', 'transfer-encoding: chunked\r\n\r\n4\r\ndata\r\nzz\r\n'],
])('an answer with %s passes as far as it came, and ends with an error', async (_, rest) => {
  const { body } = await call(await listenRaw(`HTTP/1.1 200 OK\r\n${rest}`))

  let passed = ''
  const reading = (async () => {
    for await (const chunk of body) passed += chunk.toString()
  })()

  await expect(reading).rejects.toThrow()
  expect(passed).toMatch(/^data/)
})

it('a call ends when its agent goes away, and the upstream notices', async () => {
  const closed = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const url = await upstream((request) => {
    request.socket.once('close', closed.resolve)
    asked.resolve()
  })
  const response = agent()

  const answer = call(url, response)
  await asked.promise
  response.emit('close')

  await expect(answer).rejects.toThrow(AgentGone)
  await expect(answer).rejects.toMatchObject({ isSent: true })
  await closed.promise
})
