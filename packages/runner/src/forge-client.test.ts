import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { createForgeClient, type ForgeClient } from './forge-client.ts'

let server: Server
let client: ForgeClient
let asked: (string | undefined)[]
let answer: { status: number; message: string }
let tokens: string[]

beforeAll(async () => {
  asked = []
  server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ message: answer.message }))
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
