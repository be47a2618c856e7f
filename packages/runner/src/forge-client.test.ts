import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { createForgeClient, type ForgeClient } from './forge-client.ts'
import { limitMsOf } from './forge-refusal.ts'

let server: Server
let client: ForgeClient
let asked: (string | undefined)[]
let answer: { status: number; message: string; headers?: Record<string, string> }
/** What is answered before that, once each. */
let first: (typeof answer)[] = []
let tokens: string[]

beforeAll(async () => {
  asked = []
  server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    const { status, message, headers } = first.shift() ?? answer
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ message }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const token = async () => ({ secret: tokens.shift() ?? '', of: '@ada' })
  client = createForgeClient({ apiUrl: url, webUrl: url, token })
})
afterAll(() => server?.close())

const { signal } = new AbortController()

it('asks with the token of that moment', async () => {
  tokens = ['ghp_one', 'ghs_two']
  answer = { status: 200, message: 'fine' }

  await client.request('GET /user', {}, signal)
  await client.request('GET /user', {}, signal)

  expect(asked).toEqual(['token ghp_one', 'token ghs_two'])
})

it('never tells a token back that a forge told it', async () => {
  tokens = ['ghp_secret']
  answer = { status: 422, message: 'token ghp_secret may not do this' }

  const thrown: unknown = await client
    .request('GET /user', {}, signal)
    .catch((error: unknown) => error)

  expect(thrown).toMatchObject({ reason: 'token [token] may not do this', status: 422 })
  expect((thrown as Error).message).not.toContain('ghp_secret')
})

it('tells whose token it is that is good no more', async () => {
  tokens = ['ghp_secret']
  answer = { status: 401, message: 'Bad credentials' }

  await expect(client.request('GET /user', {}, signal)).rejects.toMatchObject({
    failure: 'credential_refused',
    message: 'The forge does not accept the token of @ada: it has expired or was revoked.',
  })
})

it.each([
  { status: 403, headers: { 'retry-after': '1' } },
  { status: 429, headers: { 'retry-after': '0' } },
  { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' } },
])('waits for a limit of the forge to pass: %j', async (limit) => {
  tokens = ['ghp_one']
  first = [{ ...limit, message: 'You have exceeded a secondary rate limit' }]
  answer = { status: 201, message: 'made' }

  expect(await client.request('POST /repos/a/b/pulls', {}, signal)).toEqual({ message: 'made' })
})

it('does not wait for hours, nor when it is stopped', async () => {
  tokens = ['ghp_one', 'ghp_two']
  answer = { status: 403, message: 'limit', headers: { 'retry-after': '3600' } }
  await expect(client.request('GET /user', {}, signal)).rejects.toMatchObject({ status: 403 })
  answer.headers = { 'retry-after': '600' }
  const stop = new AbortController()
  const waiting = client.request('GET /user', {}, stop.signal)
  setTimeout(() => stop.abort(new Error('stopped')), 50)

  await expect(waiting).rejects.toThrow('stopped')
})

it.each([
  [429, {}, 60_000],
  [403, { 'x-ratelimit-remaining': '0' }, 60_000],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1030' }, 30_000],
  [403, { 'retry-after': '7' }, 7000],
  [403, { 'x-ratelimit-remaining': '12' }, undefined],
  [404, { 'retry-after': '7' }, undefined],
])('%s with %j is a limit of %s ms', (status, headers, ms) => {
  expect(limitMsOf({ status, response: { headers, data: {} } }, 1_000_000)).toBe(ms)
})
