import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createPortClient, PortError } from './client.ts'

const signal = new AbortController().signal
let close = async (): Promise<void> => undefined
afterEach(async () => await close())

/** A Port that gives tokens, and answers everything else as told. */
async function openClient(answer: RequestListener, expiresIn = 3600) {
  const tokens: string[] = []
  const server = createServer((request, response) => {
    if (request.url !== '/v1/auth/access_token') return answer(request, response)
    tokens.push(`token-${tokens.length + 1}`)
    response.end(JSON.stringify({ accessToken: tokens.at(-1), expiresIn, tokenType: 'Bearer' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  // A server that listens has an address with a port.
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { tokens, client: createPortClient({ baseUrl, clientId: 'id', clientSecret: 'key' }) }
}

async function errorOf(work: Promise<void>): Promise<PortError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof PortError)) throw new Error(`not a PortError: ${String(error)}`)
  return error
}

describe("the client of Port's API", () => {
  it('keeps its token, and gets another only when that is refused', async () => {
    const seen: (string | undefined)[] = []
    const { client, tokens } = await openClient((request, response) => {
      seen.push(request.headers.authorization)
      response.statusCode = seen.length === 3 ? 401 : 200
      response.end('{}')
    })

    await client.addLog('r_1', 'one', signal)
    await client.addLog('r_1', 'two', signal)
    await client.addLog('r_1', 'three', signal)

    expect(tokens).toHaveLength(2)
    expect(seen).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
  })

  it('gets another token before one is too old', async () => {
    const { client, tokens } = await openClient((_, response) => response.end('{}'), 1)

    await client.addLog('r_1', 'one', signal)
    await client.addLog('r_1', 'two', signal)

    expect(tokens).toHaveLength(2)
  })

  it('asks once more with a fresh token, and then says that it is refused', async () => {
    let asked = 0
    const { client } = await openClient((_, response) => {
      asked += 1
      response.writeHead(401).end()
    })

    const error = await errorOf(client.updateRun('r_1', { status: 'SUCCESS' }, signal))

    expect([asked, error.status, error.isGone, error.isRefusal]).toEqual([2, 401, false, false])
  })

  it.each([
    [404, true, false],
    [410, true, false],
    [413, false, true],
    [422, false, true],
    [429, false, false],
    [500, false, false],
  ])('tells of %i whether the run is gone, or this is refused', async (status, gone, refused) => {
    const { client } = await openClient((_, response) =>
      response.writeHead(status, { 'retry-after': '7' }).end('the body is not repeated'),
    )

    const error = await errorOf(client.addLog('r_1', 'text', signal))

    expect([error.isGone, error.isRefusal, error.retryAfterSeconds]).toEqual([gone, refused, 7])
    expect(error.message).not.toContain('repeated')
  })

  it('follows no redirect: the token is for Port alone', async () => {
    const paths: (string | undefined)[] = []
    const { client } = await openClient((request, response) => {
      paths.push(request.url)
      response.writeHead(307, { location: '/elsewhere' }).end()
    })

    const error = await errorOf(client.addLog('r_1', 'text', signal))

    expect(error.isGone || error.isRefusal).toBe(false)
    expect(paths).toEqual(['/v1/actions/runs/r_1/logs'])
  })

  it.each([
    ['IN_PROGRESS', true],
    ['SUCCESS', false],
    ['FAILURE', false],
  ])('knows of a run that is %s whether it is open: %s', async (status, isOpen) => {
    const { client } = await openClient((_, response) =>
      response.end(JSON.stringify({ ok: true, run: { id: 'r_1', status } })),
    )

    expect(await client.isOpen('r_1', signal)).toBe(isOpen)
  })

  it('says so when nobody is there', async () => {
    const { client } = await openClient((request) => request.socket.destroy())

    expect((await errorOf(client.addLog('r_1', 'text', signal))).status).toBeUndefined()
  })
})
