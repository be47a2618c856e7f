import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import type { Caller } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../testing/open-test-server.ts'
import { createGitHubForge } from './github.ts'

// What a forge elsewhere is asked in the caller's own words, and what is told of its answer.

interface Asked {
  line: string
  headers: IncomingHttpHeaders
  body: string
}

let upstream: Server
let apiUrl: string
let server: TestServer
let asked: Asked[]
let answer: (request: IncomingMessage, response: ServerResponse) => void
/** A workflow of acme/shop, whose actor may see it. */
const workflow = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()))
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/api/v3`
  const forge = createGitHubForge({ apiUrl })
  server = await openTestServer(
    { forge: apiUrl },
    {
      forge: {
        ...forge,
        authenticate: async (token) =>
          token === workflow ? workflowCaller : await forge.authenticate(token),
      },
    },
  )
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  upstream?.close()
})

const alice = { id: 1, login: 'alice', type: 'User' } as const
const repositories: Record<string, { id: number }> = Object.fromEntries(
  ['shop', 'bank'].map((name, index) => [
    `acme/${name}`,
    {
      id: 10 + index,
      name,
      full_name: `acme/${name}`,
      private: true,
      html_url: `https://github.test/acme/${name}`,
      permissions: {},
      default_branch: 'main',
      owner: { id: 2, login: 'acme', type: 'Organization' },
    },
  ]),
)
const workflowCaller: Caller = {
  user: { id: 7, login: 'wanda', type: 'User' },
  token: { kind: 'user_to_server', hash: 'w', scopes: [], permissions: { agent_tasks: 'write' } },
  secret: 'ghs_ofTheServer',
  isSiteAdmin: false,
  isOnBehalf: true,
  onlyRepositoryId: 10,
}

beforeEach(() => {
  asked = []
  answer = answerAsGitHub
})

function answerAsGitHub({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const path = url.replace('/api/v3', '')
  const byName = repositories[/^\/repos\/([^/]+\/[^/]+)$/.exec(path)?.[1] ?? '']
  const byId = Object.values(repositories).find((one) => path === `/repositories/${one.id}`)
  const body = (path === '/user' ? alice : undefined) ??
    (path.endsWith('/collaborators/wanda/permission')
      ? { permission: 'read', role_name: 'read' }
      : undefined) ??
    byName ??
    byId ?? { path }
  response.writeHead(200, { 'content-type': 'application/json', 'x-oauth-scopes': 'repo' })
  response.end(JSON.stringify(body))
}

/** The requests beside those that Errand makes of itself to know the caller. */
const passed = () => asked.map(({ line }) => line).filter((line) => line !== 'GET /api/v3/user')

interface RawOptions {
  token?: string
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** A request with a path as it stands: fetch would mend it. */
async function raw(
  path: string,
  { token = 'ghp_a', method = 'GET', headers = {}, body = '' }: RawOptions = {},
) {
  const { hostname, port } = new URL(server.url)
  const request = sendRequest({
    hostname,
    port,
    path,
    method,
    headers: { authorization: `token ${token}`, 'user-agent': 'test', ...headers },
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString()
  return { status: response.statusCode, headers: response.headers, text }
}

describe('a credential that no header can hold', () => {
  it.each([
    ['a line break', 'ghp_SECRET\nsecond'],
    ['a null byte', 'ghp_SECRET\0'],
    ['a blank', 'ghp_SECRET second'],
    ['letters that are not ASCII', 'ghp_SECRETé'],
  ])('with %s in it is refused, neither sent on nor logged', async (_, password) => {
    const basic = Buffer.from(`ada:${password}`).toString('base64')
    const headers = { authorization: `Basic ${basic}` }

    const answers = [
      await server.call('/user', { headers }),
      await server.call('/agents/repos/acme/shop/tasks', { headers }),
      await server.call('/login', {
        body: new URLSearchParams({ token: password }).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: server.url,
        },
      }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(asked).toEqual([])
    expect(inspect(server.problems, { depth: 10 })).not.toContain('SECRET')
  })
})

describe('a request that is passed on', () => {
  it('has its method, path, query and JSON, and the token of who asks', async () => {
    const { status, body } = await server.call('/repos/acme/shop/issues/7/comments?x=a%26b&y[]=1', {
      token: 'ghp_a',
      body: { body: 'hé' },
    })

    expect([status, body]).toEqual([
      200,
      { path: '/repos/acme/shop/issues/7/comments?x=a%26b&y%5B%5D=1' },
    ])
    expect(passed()).toEqual(['POST /api/v3/repos/acme/shop/issues/7/comments?x=a%26b&y%5B%5D=1'])
    expect(asked.at(-1)).toMatchObject({
      body: '{"body":"hé"}',
      headers: { authorization: 'Bearer ghp_a', 'content-type': 'application/json; charset=utf-8' },
    })
  })

  it('has of its headers only those that are for GitHub', async () => {
    await raw('/repos/acme/shop/pulls/1', {
      headers: {
        accept: 'application/vnd.github.diff',
        'if-none-match': '"e"',
        'x-github-api-version': '2026-03-10',
        cookie: 'session=secret',
        connection: 'x-evil',
        'x-evil': '1',
        'x-forwarded-for': '10.0.0.1',
        'x-http-method-override': 'DELETE',
        'transfer-encoding': 'chunked',
        host: 'evil.example',
      },
    })

    const headers = asked.at(-1)?.headers ?? {}
    expect(headers).toMatchObject({
      accept: 'application/vnd.github.diff',
      'if-none-match': '"e"',
      'x-github-api-version': '2026-03-10',
      'user-agent': 'errand',
      host: new URL(apiUrl).host,
    })
    const ours = [
      'cache-control',
      'pragma',
      'accept-encoding',
      'accept-language',
      'authorization',
      'connection',
      'sec-fetch-mode',
    ]
    const known = [...ours, 'accept', 'host', 'if-none-match', 'user-agent', 'x-github-api-version']
    expect(Object.keys(headers).filter((name) => !known.includes(name))).toEqual([])
  })

  it.each([
    ['/graphql', '/api/graphql'],
    ['/api/graphql', '/api/graphql'],
    ['/api/v3/graphql', '/api/graphql'],
    ['/repos/acme/shop/branches/a%2Fb', '/api/v3/repos/acme/shop/branches/a/b'],
    [
      '/repos/acme/shop/contents/a%20b/%C3%A9%3F.txt',
      '/api/v3/repos/acme/shop/contents/a%20b/%C3%A9%3F.txt',
    ],
    ['/repos/acme/shop/compare/main...a/b', '/api/v3/repos/acme/shop/compare/main...a/b'],
    ['/repos/acme/shop/labels/area%2Fui', '/api/v3/repos/acme/shop/labels/area%2Fui'],
    ['/repositories/10/pulls', '/api/v3/repositories/10/pulls'],
    ['/organizations/2/repos?page=2', '/api/v3/organizations/2/repos?page=2'],
  ])('%s is asked for as %s', async (path, target) => {
    await raw(path, { method: path.endsWith('graphql') ? 'POST' : 'GET' })

    expect(asked.at(-1)?.line.split(' ')[1]).toBe(target)
  })

  it.each([
    '/repos/acme/shop/contents/../../../user/keys',
    '/repos/acme/shop/contents/%2e%2e/%2E%2E/bank',
    '/repos/acme/shop/contents/a%2F..%2F..%2Fx',
    '/repos/acme/shop/contents/a//b',
    '/repos/acme/shop/contents//etc',
    '/repos/acme/shop/contents/a%5C..%5Cb',
    '/repos/acme/shop/contents/%252e%252e/x',
    '/repos/acme/shop/contents/a%00b',
    '/repos/acme/shop/contents/a%0d%0aX-Evil:%201',
    '/repos/acme/shop/branches/.',
    '/repos/acme/shop/labels/..%2F..%2F..%2Fuser',
    '/repos/acme/..',
    '/repos/acme/%2e%2e/pulls',
    '/repos/%2e%2e/user/pulls',
    '/repos/acme%2Fshop/x/pulls',
    '/repos/acme/shop%3Fa/pulls',
    '/repos/acme/shop%23/pulls',
    '/repos/acme/shop/pulls/1%2F..%2F2',
    '/repos/acme/shop/pulls/-1',
    '/repositories/1e3',
    '/repositories/10%2Fhooks',
    '/users/a%2F..%2Fb',
    '/orgs/acme%2F..',
    '/user/keys',
    '/repos/acme/shop/actions/secrets',
    '/repos/acme/shop/pulls/',
    '//user',
  ])("%s is nobody's, and is not passed on", async (path) => {
    expect((await raw(path)).status).toBe(404)
    expect(passed()).toEqual([])
  })

  it.each(['http://evil.example/user', 'http://evil.example/repos/acme/shop'])(
    'goes to the forge, whatever host the request line names: %s',
    async (line) => {
      await raw(line)

      expect(asked.at(-1)?.line).toBe(`GET /api/v3${new URL(line).pathname}`)
      expect(asked.at(-1)?.headers.host).toBe(new URL(apiUrl).host)
    },
  )

  it('without a token, or with a method that is none of the list, is refused here', async () => {
    expect((await server.call('/user')).status).toBe(401)
    expect((await raw('/repos/acme/shop', { method: 'DELETE' })).status).toBe(404)
    expect((await raw('/repos/acme/shop', { method: 'PATCH' })).status).toBe(404)
    expect(asked).toEqual([])
  })

  it('is refused when it is too large, or no JSON', async () => {
    const large = JSON.stringify({ body: 'x'.repeat(2_000_000) })
    const path = '/repos/acme/shop/issues/7/comments'

    expect((await server.call(path, { token: 'ghp_a', body: large })).status).toBe(413)
    expect((await server.call(path, { token: 'ghp_a', body: '{' })).status).toBe(400)
    expect(passed()).toEqual([])
  })
})

describe("the forge's answer", () => {
  const tell = (status: number, headers: Record<string, string>, body = '{}') => {
    answer = (request, response) => {
      if (request.url === '/api/v3/user') answerAsGitHub(request, response)
      else response.writeHead(status, headers).end(body)
    }
  }

  it.each(['', '/api/v3'])('comes with its page links leading here, below "%s"', async (prefix) => {
    tell(200, {
      link: `<${apiUrl}/organizations/2/repos?page=2>; rel="next", <https://elsewhere.test/x>; rel="last"`,
    })

    const { headers } = await server.call(`${prefix}/orgs/acme/repos`, { token: 'ghp_a' })

    expect(headers.get('link')).toBe(
      `<${server.url}${prefix}/organizations/2/repos?page=2>; rel="next", <https://elsewhere.test/x>; rel="last"`,
    )
  })

  it('that a repository has moved leads here too, and is not followed', async () => {
    tell(301, { location: `${apiUrl}/repositories/10/pulls` })

    const { status, headers } = await server.call('/repos/acme/old/pulls', { token: 'ghp_a' })

    expect([status, headers.get('location')]).toEqual([301, `${server.url}/repositories/10/pulls`])
    expect(passed()).toEqual(['GET /api/v3/repos/acme/old/pulls'])
  })

  it('keeps its validator, and a 304 is one', async () => {
    tell(200, { etag: 'W/"theirs"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' })
    const first = await server.call('/repos/acme/shop/labels', { token: 'ghp_e' })
    tell(304, { etag: 'W/"theirs"' }, '')
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' }
    const again = await server.call('/repos/acme/shop/labels', { token: 'ghp_e', headers })
    const rate = await server.call('/rate_limit', { token: 'ghp_e' })

    expect(first.headers.get('etag')).toBe('W/"theirs"')
    expect([again.status, asked.at(-1)?.headers['if-none-match']]).toEqual([304, 'W/"theirs"'])
    // The 304 did not count.
    expect(rate.headers.get('x-ratelimit-used')).toBe('1')
  })

  it("tells the forge's own count, and nothing of its connection or cookies", async () => {
    const count = { 'x-ratelimit-limit': '15000', 'x-ratelimit-remaining': '14999' }
    tell(200, { ...count, 'set-cookie': 'a=b', server: 'github', 'x-evil': '1' })

    const { headers } = await server.call('/repos/acme/shop', { token: 'ghp_a' })

    expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual([
      '15000',
      '14999',
    ])
    expect(['set-cookie', 'server', 'x-evil'].map((name) => headers.get(name))).toEqual([
      null,
      null,
      null,
    ])
  })

  it('that refuses comes as it is; that it failed is told as such', async () => {
    tell(422, { 'content-type': 'application/json' }, '{"message":"Validation Failed"}')
    const refused = await server.call('/repos/acme/shop/labels', { token: 'ghp_a', body: {} })
    tell(502, { 'content-type': 'text/html' }, '<h1>Unicorn!</h1>')
    const failed = await server.call('/repos/acme/shop/labels', { token: 'ghp_a' })

    expect([refused.status, refused.text]).toEqual([422, '{"message":"Validation Failed"}'])
    expect([failed.status, failed.body.message]).toEqual([502, 'The forge answered 502'])
  })

  it.each(['text/html; charset=utf-8', 'image/svg+xml', 'application/xhtml+xml', ''])(
    'of type "%s" is no page of this server',
    async (type) => {
      tell(200, { 'content-type': type }, '<script>alert(1)</script>')

      const { headers } = await server.call('/repos/acme/shop/contents/x.html', { token: 'ghp_a' })

      expect(headers.get('content-type')).toBe('application/octet-stream')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    },
  )

  it('that is a limit is kept to: searching too much does not keep anybody from their tasks', async () => {
    const limit = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9999999999' }
    tell(403, limit, '{"message":"API rate limit exceeded"}')
    const search = () => server.call('/search/repositories?q=x', { token: 'ghp_s' })
    const first = await search()
    const before = asked.length
    const second = await search()
    tell(200, {})
    const other = await server.call('/repos/acme/shop/labels', { token: 'ghp_s' })

    expect([first.status, second.status, other.status]).toEqual([429, 429, 200])
    expect(asked.length).toBe(before + 1)
    expect(second.headers.get('retry-after')).toMatch(/^3(600|5\d\d)$/)
  })
})

describe("a workflow, which comes with none of GitHub's tokens", () => {
  const get = (path: string) => raw(path, { token: workflow })

  it('looks at its own repository, by name and by id', async () => {
    const answers = [
      await get('/repos/acme/shop'),
      await get('/repos/acme/shop/pulls/7'),
      await get('/repositories/10/contents/a/b'),
    ]

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(passed().slice(-1)).toEqual(['GET /api/v3/repos/acme/shop/contents/a/b'])
    expect(asked.every(({ headers }) => headers.authorization === 'Bearer ghs_ofTheServer')).toBe(
      true,
    )
  })

  it('is told who its actor is, and not whose token is used for it', async () => {
    expect(await raw('/user', { token: workflow })).toMatchObject({ text: '{"path":"/user/7"}' })
  })

  it('may not look elsewhere, nor change anything with the token of the server', async () => {
    const elsewhere = ['/repos/acme/bank', '/repos/acme/bank/pulls', '/repositories/11']
    const beyond = [
      '/orgs/acme/repos',
      '/user/repos',
      '/search/repositories?q=x',
      '/users/bob',
      '/user/8',
    ]
    const own = '/repos/acme/shop'

    for (const path of elsewhere) expect((await get(path)).status).toBe(404)
    for (const path of beyond) expect((await get(path)).status).toBe(403)
    for (const path of ['/graphql', `${own}/pulls`, `${own}/git/refs`, `${own}/statuses/abc`]) {
      const sent = await raw(path, { token: workflow, method: 'POST', body: '{}' })
      expect(sent.status).toBe(403)
    }
    for (const path of ['/repos/acme/../x', '/repos/acme/shop/contents/%2e%2e/%2e%2e/bank']) {
      expect((await raw(path, { token: workflow })).status).toBe(404)
    }
    const looked = asked.map(({ line }) => line).filter((line) => !line.endsWith('permission'))
    expect(
      looked.filter(
        (line) => !/^GET \/api\/v3\/(repos\/acme\/(shop|bank)|repositories\/1[01])$/.test(line),
      ),
    ).toEqual([])
  })
})
