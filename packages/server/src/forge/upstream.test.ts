import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Caller, ErrandError, RepositoryAccess } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGitHubForge } from './github.ts'

// What is asked of GitHub about a caller's token, how often, and what becomes of its answers.

let server: Server
let apiUrl: string
let asked: { path: string; token: string; etag: string | undefined }[]
let answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const alice = { id: 1, login: 'alice', type: 'User' }
const shop = {
  id: 10,
  name: 'shop',
  full_name: 'acme/shop',
  html_url: 'https://github.test/acme/shop',
  private: true,
  default_branch: 'main',
  owner: { id: 2, login: 'acme', type: 'Organization' },
  permissions: { admin: false, push: true, pull: true },
}
const access = { ...shop, permission: 'write', archived: false, renamed: false } as RepositoryAccess

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({
      path: request.url ?? '',
      token: request.headers.authorization ?? '',
      etag: request.headers['if-none-match'],
    })
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server?.close())

let now: number
let bodies: Record<string, object>
let headers: Record<string, string>

beforeEach(() => {
  now = 1_000_000
  asked = []
  bodies = { '/user': alice, '/repos/acme/shop': shop, '/repositories/10': shop }
  headers = { 'x-oauth-scopes': 'repo, read:org' }
  answer = (request, response) => {
    const body = bodies[request.url ?? '']
    const etag = `"${JSON.stringify(body)?.length}"`
    const isSame = request.headers['if-none-match'] === etag
    if (body === undefined) response.writeHead(404).end('{"message":"Not Found"}')
    else if (isSame) response.writeHead(304, { etag, ...headers }).end()
    else response.writeHead(200, { etag, ...headers }).end(JSON.stringify(body))
  }
})

const open = () => createGitHubForge({ apiUrl, clock: () => now })

async function thrownBy(work: Promise<unknown>): Promise<ErrandError> {
  const thrown = await work.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  )
  // Whatever it is, the expectation after shows it.
  return thrown as ErrandError
}

describe('a token', () => {
  it('is known by its user, its kind, its scopes and its end', async () => {
    headers['github-authentication-token-expiration'] = '2026-12-01 00:00:00 UTC'

    expect(await open().authenticate('ghp_a')).toMatchObject({
      user: alice,
      token: {
        kind: 'classic',
        scopes: ['repo', 'read:org'],
        expires_at: '2026-12-01T00:00:00.000Z',
      },
    })
  })

  it.each([
    ['ghp_a', 'classic'],
    ['gho_a', 'oauth'],
    ['ghu_a', 'user_to_server'],
    ['github_pat_a', 'fine_grained'],
    ['0123456789012345678901234567890123456789', 'classic'],
  ])('%s is of the kind %s', async (token, kind) => {
    expect((await open().authenticate(token))?.token.kind).toBe(kind)
  })

  it('is asked for once by many at a time, and once in a minute', async () => {
    const forge = open()
    await Promise.all(Array.from({ length: 20 }, () => forge.authenticate('ghp_a')))
    now += 59_999
    await forge.authenticate('ghp_a')

    expect(asked).toEqual([{ path: '/user', token: 'Bearer ghp_a', etag: undefined }])
  })

  it('is revalidated by its ETag after that, with its scopes as they are then', async () => {
    const forge = open()
    await forge.authenticate('ghp_a')
    now += 60_000
    headers['x-oauth-scopes'] = 'gist'

    expect((await forge.authenticate('ghp_a'))?.token.scopes).toEqual(['gist'])
    expect((await forge.authenticate('ghp_a'))?.user).toEqual(alice)
    expect(asked.map(({ etag }) => etag)).toEqual([undefined, expect.any(String)])
  })

  it('that is revoked is refused after a minute at the latest', async () => {
    const forge = open()
    await forge.authenticate('ghp_a')
    answer = (_, response) => void response.writeHead(401).end('{"message":"Bad credentials"}')
    now += 60_000

    expect(await forge.authenticate('ghp_a')).toBeUndefined()
    expect(await forge.authenticate('ghp_a')).toBeUndefined()
    expect(asked).toHaveLength(3)
  })

  it('counts its minute from when the question was sent, however long the answer took', async () => {
    const forge = open()
    const plain = answer
    answer = async (request, response) => {
      now += 50_000
      await plain(request, response)
    }
    await forge.authenticate('ghp_a')
    now += 10_000

    await forge.authenticate('ghp_a')

    expect(asked).toHaveLength(2)
  })

  it('never vouches for another', async () => {
    const forge = open()
    await forge.authenticate('ghp_a')
    bodies['/user'] = { id: 7, login: 'bob', type: 'User' }

    expect((await forge.authenticate('ghp_b'))?.user.login).toBe('bob')
    expect((await forge.authenticate('ghp_a'))?.user.login).toBe('alice')
  })

  it('that looks like a JWT is not shown to GitHub', async () => {
    expect(await open().authenticate('eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.')).toBeUndefined()
    expect(asked).toEqual([])
  })
})

describe('an installation token', () => {
  const path = '/installation/repositories?per_page=1'

  it('stands for the installation on an account, under an id that no user has', async () => {
    bodies[path] = { total_count: 1, repositories: [shop] }

    expect(await open().authenticate('ghs_a')).toMatchObject({
      user: { id: -2, login: 'acme-installation[bot]', type: 'Bot' },
      token: { kind: 'installation' },
    })
    expect(asked.map((one) => one.path)).toEqual([path])
  })

  it('that is for no repository is refused, and one that is unknown is unknown', async () => {
    bodies[path] = { total_count: 0, repositories: [] }

    expect((await thrownBy(open().authenticate('ghs_a'))).message).toBe(
      'Resource not accessible by integration',
    )
    delete bodies[path]
    expect(await open().authenticate('ghs_b')).toBeUndefined()
  })
})

async function callerOf(token: string, forge = open()): Promise<Caller> {
  const caller = await forge.authenticate(token)
  if (caller === undefined) throw new Error('the token is unknown')
  return caller
}

describe('a repository', () => {
  const name = { owner: 'acme', repo: 'shop' }

  it('is remembered for each token apart', async () => {
    const forge = open()
    const [one, two] = [await callerOf('ghp_a', forge), await callerOf('ghp_b', forge)]
    await Promise.all([forge.repository(one, name), forge.repository(one, name)])
    await forge.repository(two, name)

    const looked = asked.filter((request) => request.path === '/repos/acme/shop')
    expect(looked.map(({ token }) => token)).toEqual(['Bearer ghp_a', 'Bearer ghp_b'])
  })

  it('that was not there is looked for again at once', async () => {
    const forge = open()
    const caller = await callerOf('ghp_a', forge)
    delete bodies['/repos/acme/shop']

    expect(await forge.repository(caller, name)).toBeUndefined()
    bodies['/repos/acme/shop'] = shop
    expect((await forge.repository(caller, name))?.permission).toBe('write')
  })

  it.each([
    ['/authorize', true],
    ['.evil.example/x', false],
  ])(
    'that asks for single sign-on says where, if that is the forge itself: %s',
    async (rest, isLet) => {
      const forge = open()
      const caller = await callerOf('ghp_a', forge)
      const url = `${apiUrl.replace('http:', 'https:')}${rest}`
      const message = 'Resource protected by organization SAML enforcement.'
      answer = (_, response) =>
        void response
          .writeHead(403, { 'x-github-sso': `required; url=${url}` })
          .end(JSON.stringify({ message }))

      const error = await thrownBy(forge.repository(caller, name))

      expect([error.status, error.message]).toEqual([403, message])
      expect(error.headers).toEqual(isLet ? { 'x-github-sso': `required; url=${url}` } : {})
    },
  )

  it.each([
    ['http://127.0.0.1/sso'],
    ['javascript:alert(1)'],
    ['https://github.test@evil.example/'],
    ['https://evil.example/sso'],
  ])('passes on no address like %s', async (url) => {
    const forge = open()
    const caller = await callerOf('ghp_a', forge)
    answer = (_, response) =>
      void response.writeHead(403, { 'x-github-sso': `required; url=${url}` }).end('{}')

    expect((await thrownBy(forge.repository(caller, name))).headers).toEqual({})
  })
})

describe('a limit of the forge', () => {
  it.each([
    [429, { 'retry-after': '7' }, 7],
    [403, { 'retry-after': '7' }, 7],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1030' }, 30],
    [429, {}, 60],
    [429, { 'retry-after': '999999999' }, 3600],
    [429, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 60],
  ])('%s with %j is told as a limit, with %s seconds to wait', async (status, limits, seconds) => {
    const forge = open()
    answer = (_, response) => void response.writeHead(status, limits).end('{"message":"limit"}')

    const error = await thrownBy(forge.authenticate('ghp_a'))

    expect([error.status, error.errorName]).toEqual([429, 'secondary_rate_limited'])
    // What Octokit looks for (behaviour.md 2.4).
    expect(error.message).toMatch(/\bsecondary rate\b/)
    expect(error.headers).toEqual({ 'retry-after': String(seconds) })
  })

  it.each([
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    'You have triggered an abuse detection mechanism. Please wait a few minutes.',
  ])('is told by the message alone as well, and kept to: %s', async (message) => {
    const forge = open()
    const limits = { 'x-ratelimit-remaining': '4990' }
    answer = (_, response) => void response.writeHead(403, limits).end(JSON.stringify({ message }))

    const error = await thrownBy(forge.authenticate('ghp_a'))
    const again = await thrownBy(forge.authenticate('ghp_a'))

    expect([error.errorName, again.errorName]).toEqual([
      'secondary_rate_limited',
      'secondary_rate_limited',
    ])
    expect(error.headers).toEqual({ 'retry-after': '60' })
    expect(asked).toHaveLength(1)
  })

  it('is no 403 that only mentions something secondary, whose message is still passed on', async () => {
    const message = 'This repository has a secondary owner'
    answer = (_, response) => void response.writeHead(403).end(JSON.stringify({ message }))

    expect(await thrownBy(open().authenticate('ghp_a'))).toMatchObject({
      errorName: 'forbidden',
      message,
    })
  })

  it('is kept to until it is over, by its token alone', async () => {
    const forge = open()
    answer = (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end('{}')
    await thrownBy(forge.authenticate('ghp_a'))
    now += 6000

    const again = await thrownBy(forge.authenticate('ghp_a'))
    await thrownBy(forge.authenticate('ghp_b'))

    expect(again.headers).toEqual({ 'retry-after': '1' })
    expect(asked.map(({ token }) => token)).toEqual(['Bearer ghp_a', 'Bearer ghp_b'])
    now += 1000
    await thrownBy(forge.authenticate('ghp_a'))
    expect(asked).toHaveLength(3)
  })
})

describe('whether a token may push', () => {
  const path = '/acme/shop.git/info/refs?service=git-receive-pack'

  it.each([
    ['github_pat_a', 200, undefined],
    ['github_pat_a', 403, 'Resource not accessible by personal access token'],
    ['ghu_a', 403, 'Resource not accessible by integration'],
    ['ghu_a', 302, 'Resource not accessible by integration'],
    ['github_pat_a', 404, 'Resource not accessible by personal access token'],
  ])('%s is asked of git: %s', async (token, status, message) => {
    const forge = open()
    const caller = await callerOf(token, forge)
    answer = (_, response) => void response.writeHead(status, { location: '/elsewhere' }).end('x')

    const outcome = await thrownBy(forge.requirePush?.(caller, access) ?? Promise.resolve())

    expect(outcome).toMatchObject(
      message === undefined
        ? { message: 'nothing was thrown' }
        : { status: 403, message, headers: { 'x-accepted-github-permissions': 'contents=write' } },
    )
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    expect(asked.at(-1)).toEqual({ path, token: `Basic ${basic}`, etag: undefined })
  })

  it('is not asked of one whose scopes say it', async () => {
    const forge = open()
    await forge.requirePush?.(await callerOf('ghp_a', forge), access)

    expect(asked.map((one) => one.path)).toEqual(['/user'])
  })
})

it.each([
  [200, 'not JSON'],
  [200, '{"id":"1"}'],
  [500, '{"message":"x"}'],
])("an answer %s that is not as documented is the forge's fault: %s", async (status, text) => {
  answer = (_, response) => void response.writeHead(status).end(text)

  expect((await thrownBy(open().authenticate('ghp_a'))).errorName).toBe('bad_upstream')
})
