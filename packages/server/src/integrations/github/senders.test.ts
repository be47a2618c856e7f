import { once } from 'node:events'
import { request as sendRequest } from 'node:http'
import { Webhooks } from '@octokit/webhooks'
import Fastify from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { openTestServer } from '../../testing/open-test-server.ts'
import { createTestForge } from '../../testing/test-forge.ts'
import { takeRawBodies } from '../raw-body.ts'
import { createBodyRoom } from './body-room.ts'

// What those can do who send to the webhook without knowing its secret.

const secret = 'the secret of the webhook'
const guess = `sha256=${'0'.repeat(64)}`
const path = '/integrations/github/webhooks'
const longestBytes = 25 * 1024 * 1024

async function open(settings: object = {}) {
  const forge = createTestForge()
  const own = forge.addToken('errand', { kind: 'installation', permissions: {} })
  const server = await openTestServer(
    { integrations: { github: { secret_env: 'SECRET' } }, ...settings },
    { forge, forgeToken: () => own, secrets: () => secret },
  )
  onTestFinished(() => server[Symbol.asyncDispose]())
  const signed = await new Webhooks({ secret }).sign('{}')
  const deliver = async (signature = signed, from = '192.0.2.1') => {
    const headers = {
      'x-hub-signature-256': signature,
      'x-github-event': 'ping',
      'x-github-delivery': 'a',
      'x-forwarded-for': from,
    }
    return await server.call(path, { body: '{}', headers })
  }
  return { server, deliver }
}

async function guessed(times: number, deliver: () => Promise<{ status: number }>) {
  const statuses = []
  for (let n = 0; n < times; n += 1) statuses.push((await deliver()).status)
  return statuses
}

it('whoever guesses is kept out after a while, and GitHub is not, also from the same address', async () => {
  const { deliver } = await open({ rate_limits: { per_hour: 3 } })

  const before = await guessed(4, () => deliver())
  const guesses = await guessed(5, () => deliver(guess))
  const unsigned = await guessed(1, () => deliver('none'))
  const after = await guessed(4, () => deliver())

  expect(before).toEqual([202, 202, 202, 202])
  expect(guesses).toEqual([401, 401, 401, 403, 403])
  expect(unsigned).toEqual([403])
  expect(after).toEqual([202, 202, 202, 202])
})

it('whoever guesses behind a trusted proxy is counted by their own address', async () => {
  const { deliver } = await open({
    rate_limits: { per_hour: 1 },
    trusted_proxies: ['127.0.0.0/8'],
  })

  const first = await guessed(2, () => deliver(guess, '192.0.2.1'))
  const other = await guessed(2, () => deliver(guess, '192.0.2.2'))

  expect([first, other]).toEqual([
    [401, 403],
    [401, 403],
  ])
})

it('nobody makes up an address where no proxy is trusted', async () => {
  const { deliver } = await open({ rate_limits: { per_hour: 1 } })

  const first = await guessed(1, () => deliver(guess, '192.0.2.1'))
  const other = await guessed(1, () => deliver(guess, '192.0.2.2'))

  expect([first, other]).toEqual([[401], [403]])
})

it('nobody has the server hold bodies without end, and others are heard meanwhile', async () => {
  const { server, deliver } = await open({ trusted_proxies: ['127.0.0.1'] })
  const begin = () => {
    const request = sendRequest(`${server.url}${path}`, {
      method: 'POST',
      headers: {
        'content-length': longestBytes,
        'x-hub-signature-256': guess,
        'x-forwarded-for': '192.0.2.1',
      },
    })
    request.on('error', () => undefined)
    request.flushHeaders()
    return request
  }
  const begun = Array.from({ length: 5 }, begin)
  // One of them is too many: it is answered although its body was not sent.
  const answered = await Promise.race(
    begun.map(async (request) => {
      const [response] = await once(request, 'response')
      return response
    }),
  )

  const [more, ofOthers] = [await deliver(), await deliver(undefined, '192.0.2.2')]
  for (const request of begun) request.destroy()

  expect(answered.statusCode).toBe(429)
  expect(answered.headers['retry-after']).toBe('1')
  expect(more.status).toBe(429)
  expect(ofOthers.status).toBe(202)
  await expect.poll(async () => (await deliver()).status).toBe(202)
})

it('nobody holds a place for longer than a body may take to arrive', async () => {
  const admit = createBodyRoom({ mostBytes: 100, mostBytesEach: 100, mostMs: 50 }, 100)
  const app = Fastify()
  onTestFinished(() => app.close())
  app.addHook('onRequest', async (request, reply) => admit('all', request, reply))
  takeRawBodies(app, 100)
  app.post('/', async () => 'taken')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const slow = sendRequest(url, { method: 'POST', headers: { 'content-length': 100 } })
  slow.flushHeaders()
  const [error] = await once(slow, 'error')
  const next = await fetch(url, { method: 'POST', body: 'x'.repeat(100) })

  expect(error).toMatchObject({ code: 'ECONNRESET' })
  expect(next.status).toBe(200)
})
