import {
  askUser,
  endSession,
  recordArtifact,
  recordEvents,
  setAgentPermissions,
} from '@errand/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { leaseTask } from '../testing/lease-task.ts'
import { type CallAnswer, openTestServer, type TestServer } from '../testing/open-test-server.ts'

let server: TestServer
let token: string
let cookie: string

beforeAll(async () => {
  server = await openTestServer({ prompt_limit_bytes: 1000 })
  token = server.forge.addToken('alice')
  cookie = await signIn(token)
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** Sends a form as a browser on the same page does. */
function post(
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<CallAnswer> {
  return server.call(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
}

async function signIn(secret: string): Promise<string> {
  const { headers } = await post('/login', { token: secret })
  return headers.get('set-cookie')?.split(';')[0] ?? ''
}

function get(path: string, own = cookie): Promise<CallAnswer> {
  return server.call(path, { headers: { cookie: own, accept: 'text/html,*/*;q=0.8' } })
}

function formTokenOf(page: CallAnswer): string {
  return /name="form_token" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
}

/** A task in a repository of its own, and the path of its page. */
async function newTask(prompt = 'Fix it') {
  const name = `acme/r${crypto.randomUUID()}`
  const repository = server.forge.addRepository(name, { members: { alice: 'write' } })
  const body = { prompt, model: 'script' }
  const { id } = (await server.call(`/agents/repos/${name}/tasks`, { token, body })).body
  return { id, repository, page: `/${name}/copilot/tasks/${id}` }
}

async function stateOf(id: string): Promise<string> {
  return (await server.call(`/agents/tasks/${id}`, { token })).body.state
}

it('takes forms, and says so of anything else', async () => {
  const headers = { 'content-type': 'application/octet-stream' }

  const { status } = await fetch(`${server.url}/login`, {
    method: 'POST',
    headers,
    body: 'token=x',
  })

  expect(status).toBe(415)
})

describe('signing in', () => {
  it('comes first, and leads back', async () => {
    const { page } = await newTask()

    const away = await get(page, '')
    const form = await get(away.headers.get('location') ?? '', '')
    const back = await post('/login', { token, return_to: page })

    expect(away.status).toBe(303)
    expect(away.headers.get('location')).toBe(`/login?return_to=${encodeURIComponent(page)}`)
    expect(form.text).toContain(`name="return_to" value="${page}"`)
    expect([back.status, back.headers.get('location')]).toEqual([303, page])
  })

  it('sets a cookie that no script reads and that does not hold the token', async () => {
    const { headers } = await post('/login', { token })

    const set = headers.get('set-cookie') ?? ''
    expect(set).toMatch(
      /^errand_session=[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(set).not.toContain(token)
  })

  it('sets it for https alone where that is how users come', async () => {
    const options = { store: server.store, publicUrl: () => 'https://errand.example' }
    await using secure = await openTestServer({}, options)
    const body = `token=${secure.forge.addToken('alice')}`

    const { headers } = await secure.call('/login', {
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })

    expect(headers.get('set-cookie')).toContain('; Secure')
  })

  it.each(['', 'nonsense', '<script>'])('is refused with the token %j', async (secret) => {
    const answer = await post('/login', { token: secret })

    expect(answer.status).toBe(401)
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(answer.text).toContain('This token is not known')
    expect(answer.text).not.toContain('<script>')
  })

  it.each([
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/%0d%0aa',
  ])('leads to no other site: %s', async (return_to) => {
    const { headers } = await post('/login', { token, return_to })

    expect(new URL(headers.get('location') ?? '', server.url).origin).toBe(server.url)
  })

  it('ends with signing out, with the token, and with the server', async () => {
    const secret = server.forge.addToken('alice')
    const [out, revoked] = [await signIn(token), await signIn(secret)]

    const left = await post(
      '/logout',
      { form_token: formTokenOf(await get('/', out)) },
      { cookie: out },
    )
    server.forge.revokeToken(secret)

    expect([left.status, left.headers.get('location')]).toEqual([303, '/login'])
    expect((await get('/', out)).status).toBe(303)
    expect((await get('/', revoked)).status).toBe(303)
    expect((await get('/', 'errand_session=made-up')).status).toBe(303)
  })

  it('is not possible from another site', async () => {
    const answers = [
      await post('/login', { token }, { 'sec-fetch-site': 'cross-site' }),
      await post('/login', { token }, { 'sec-fetch-site': 'same-site' }),
      await post('/login', { token }, { origin: 'https://evil.example' }),
      await post('/login', { token }, { origin: 'null' }),
    ]

    expect(answers.map(({ status, headers }) => [status, headers.get('set-cookie')])).toEqual(
      answers.map(() => [403, null]),
    )
  })

  it('is possible from our own page, whatever a browser says of it', async () => {
    const answers = [
      await post('/login', { token }, { 'sec-fetch-site': 'same-origin' }),
      await post('/login', { token }, { origin: server.url }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([303, 303])
  })
})

describe('a page', () => {
  it('lets nothing in that is not ours, and is kept nowhere', async () => {
    const { page } = await newTask()

    const { headers, text } = await get(page)

    const policy = headers.get('content-security-policy') ?? ''
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    expect(policy).toBe(
      `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(text.match(/<(script|style)\b[^>]*>/g)).toEqual([
      `<style nonce="${nonce}">`,
      `<script nonce="${nonce}">`,
    ])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect((await get(page)).headers.get('content-security-policy')).not.toBe(policy)
  })

  it('shows what agents and users write as text, wherever it stands', async () => {
    const markup = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&</pre></textarea>'
    const hidden = '\u001b[31m\u001b]0;title\u0007\u202Egnp.exe\u0000'
    const { id, page, repository } = await newTask(`${markup}${hidden}\nthe rest ${markup}`)
    const lease = await leaseTask(server.store, id)
    const head_ref = 'errand/<b>'
    repository.branches[head_ref] = { 'README.md': `${markup}${hidden}` }
    await recordEvents(server.store, lease, [
      { type: 'assistant.message', data: { content: `${markup}${hidden}` } },
      { type: 'tool.execution_start', data: { tool_call_id: '1', title: `${markup}${hidden}` } },
      { type: 'session.log', data: { level: 'info', message: `${markup}${hidden}` } },
    ])
    const branch = { head_ref, base_ref: 'main' }
    await recordArtifact(server.store, lease, { provider: 'github', type: 'branch', data: branch })
    await askUser(server.store, lease, { message: `${markup}${hidden}` })

    const { status, text } = await get(page)
    const list = await get('/')

    expect(status).toBe(200)
    for (const shown of [text, list.text]) {
      expect(shown).not.toMatch(/<img|<script>|<b>\s*&|onerror=alert\(1\)>/)
      // oxlint-disable-next-line no-control-regex -- that none of them is left is what is tried.
      expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e]/)
    }
    expect(text.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)?.length).toBeGreaterThanOrEqual(
      7,
    )
  })

  it('shows question, result, error and diff', async () => {
    const { id, page, repository } = await newTask('Fix it\nwith care')
    const lease = await leaseTask(server.store, id)
    repository.branches['errand/fix'] = { 'README.md': 'fixed' }
    const branch = { head_ref: 'errand/fix', base_ref: 'main' }
    const pull = { id: 1, number: 7, html_url: 'http://forge/acme/shop/pull/7' }
    await recordArtifact(server.store, lease, { provider: 'github', type: 'branch', data: branch })
    await recordArtifact(server.store, lease, { provider: 'github', type: 'pull', data: pull })
    await askUser(server.store, lease, { message: 'Red or blue?' })
    const waiting = await get(page)
    await post(`${page}/steer`, { content: 'Blue', form_token: formTokenOf(waiting) }, { cookie })
    const error = { message: 'It broke.', title: 'Broken', remedy: 'Mend it.' }
    await endSession(server.store, lease, { state: 'failed', error })

    const ended = await get(page)

    expect(waiting.text).toMatch(/data-state="waiting_for_user"[\s\S]*<pre>Red or blue\?<\/pre>/)
    expect(waiting.text).toContain('<button class="main">Answer</button>')
    expect(ended.text).toMatch(/data-state="failed"[\s\S]*Broken[\s\S]*It broke\.[\s\S]*Mend it\./)
    expect(ended.text).toContain('<a href="http://forge/acme/shop/pull/7">#7</a>')
    expect(ended.text).toContain('<pre>Fix it\nwith care</pre>')
    expect(ended.text).toContain('<span class="add">+fixed</span>')
    expect(ended.text).toContain('Blue')
    // Nothing more will happen to it.
    expect(ended.text).not.toContain('<script')
    expect(ended.text).not.toContain('Cancel the task')
  })

  it('has no line that is newer than the state it shows, so that it hears of what came since', async () => {
    const { id, page } = await newTask()
    const lease = await leaseTask(server.store, id)
    const repositoryById = server.forge.repositoryById.bind(server.forge)
    // The task has been read by then, its events have not.
    const reading = vi.spyOn(server.forge, 'repositoryById')
    reading.mockImplementationOnce(async (...asked) => {
      await endSession(server.store, lease, { state: 'completed' })
      return await repositoryById(...asked)
    })

    const { text } = await get(page)
    reading.mockRestore()

    const after = /data-after="(\d+)"/.exec(text)?.[1]
    expect(text).toContain('data-state="in_progress"')
    expect((await get(`${page}/log?after=${after}`)).text).toMatch(
      /event: changed\ndata: .*completed[\s\S]*event: end/,
    )
  })

  it('begins with the last of a long log', async () => {
    const { id, page } = await newTask()
    const lease = await leaseTask(server.store, id)
    const line = (n: number) =>
      ({ type: 'session.log', data: { level: 'info', message: `line ${n}.` } }) as const
    await recordEvents(
      server.store,
      lease,
      Array.from({ length: 1100 }, (_, n) => line(n)),
    )

    const { text } = await get(page)

    expect(text).toContain('102 earlier events are not shown')
    expect(text).not.toContain('line 99.')
    expect(text).toContain('line 100.')
    expect(text).toContain('line 1099.')
    expect(text).toContain('data-after="1102"')
  })

  it('is under its own address alone', async () => {
    const { id, page, repository } = await newTask()
    const { page: other } = await newTask()

    const elsewhere = await get(other.replace(/[^/]+$/, id))
    repository.former_names = [repository.full_name]
    repository.full_name = `${repository.full_name}-renamed`
    const former = await get(page)
    const formerRepository = await get(`/${repository.former_names[0]}?page=2`)

    expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([302, page])
    expect(former.headers.get('location')).toBe(`/${repository.full_name}/copilot/tasks/${id}`)
    expect(formerRepository.headers.get('location')).toBe(`/${repository.full_name}?page=2`)
  })

  it('is not there for who may not see it', async () => {
    const { page, repository } = await newTask()
    repository.private = true
    const bob = await signIn(server.forge.addToken('bob'))

    const answers = [
      await get(page, bob),
      await get(`${page}/log`, bob),
      await get(`/${repository.full_name}`, bob),
      await get(`/${repository.full_name}/pull/1`, bob),
      await get(`${page}x`),
      await get('/acme/nothing'),
      await get('/acme/..%2f..%2fetc/pull/1'),
    ]

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404))
    expect((await get('/', bob)).text).not.toContain(page)
  })

  it('is refused to a token that may not read tasks', async () => {
    const installation = server.forge.addToken('bot', { kind: 'installation' })

    expect((await get('/', await signIn(installation))).status).toBe(403)
  })
})

describe('a form', () => {
  it('cancels, and goes back to the page', async () => {
    const { id, page } = await newTask()

    const answer = await post(
      `${page}/cancel`,
      { form_token: formTokenOf(await get(page)) },
      { cookie },
    )

    expect([answer.status, answer.headers.get('location')]).toEqual([303, page])
    expect(await stateOf(id)).toBe('cancelled')
  })

  it.each([
    ['without its token', {}, {}],
    ['with a made-up token', { form_token: 'x' }, {}],
    ['of another site', undefined, { 'sec-fetch-site': 'cross-site' }],
    ['of another origin', undefined, { origin: 'https://evil.example' }],
  ])('does nothing %s', async (_, fields, headers) => {
    const { id, page } = await newTask()
    const own = { form_token: formTokenOf(await get(page)) }

    const answers = [
      await post(`${page}/cancel`, fields ?? own, { cookie, ...headers }),
      await post(`${page}/steer`, { content: 'x', ...(fields ?? own) }, { cookie, ...headers }),
      await post('/logout', fields ?? own, { cookie, ...headers }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403])
    expect(await stateOf(id)).toBe('queued')
    expect((await get('/')).status).toBe(200)
  })

  it('does nothing with the token of somebody else’s page', async () => {
    const { id, page } = await newTask()
    const bob = await signIn(server.forge.addToken('bob'))
    const form_token = formTokenOf(await get('/', bob))

    expect((await post(`${page}/cancel`, { form_token }, { cookie })).status).toBe(403)
    expect((await post(`${page}/cancel`, { form_token }, { cookie: bob })).status).toBe(403)
    expect(await stateOf(id)).toBe('queued')
  })

  it('says what was wrong with what was written', async () => {
    const { page } = await newTask()
    const form_token = formTokenOf(await get(page))

    const blank = await post(`${page}/steer`, { form_token, content: ' ' }, { cookie })
    const long = await post(`${page}/steer`, { form_token, content: 'x'.repeat(1001) }, { cookie })
    const larger = await post(
      `${page}/steer`,
      { form_token, content: 'x'.repeat(99_999) },
      { cookie },
    )

    expect([blank.status, long.status, larger.status]).toEqual([422, 422, 413])
    expect(blank.text).toContain('content must not be blank')
    expect(long.text).toContain('at most 1000 are accepted')
  })
})

it('a form begins no other session where agents may not work any more', async () => {
  const { id, page, repository } = await newTask()
  await server.call(`/agents/tasks/${id}/cancel`, { token, method: 'POST' })
  const form_token = formTokenOf(await get(page))
  const caller = (await server.forge.authenticate(token))!
  const { owner } = (await server.forge.repositoryById(caller, repository.id))!
  const by = { id: 1, login: 'alice' }
  const again = () => post(`${page}/steer`, { form_token, content: 'Again' }, { cookie })

  await setAgentPermissions(server.store, owner, by, 'none')
  const refused = await again()
  await setAgentPermissions(server.store, owner, by, 'all')

  expect(refused.status).toBe(403)
  expect(refused.text).toContain('Agents are not enabled')
  expect(await stateOf(id)).toBe('cancelled')
  expect((await again()).status).toBe(303)
})

describe('the cookie', () => {
  it('opens no operation of the API', async () => {
    const { id } = await newTask()

    const answers = [
      await get('/agents/tasks'),
      await get(`/agents/tasks/${id}`),
      await get(`/agents/tasks/${id}/events`),
      await server.call(`/agents/tasks/${id}/cancel`, { method: 'POST', headers: { cookie } }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
  })
})

describe('the log of a page', () => {
  it('goes on with lines as the page shows them, and says when to look again and when it ends', async () => {
    const { id, page } = await newTask()
    const stream = fetch(`${server.url}${page}/log?after=1`, {
      headers: { cookie },
      signal: AbortSignal.timeout(30_000),
    })
    const lease = await leaseTask(server.store, id)
    const content = 'a\u001b[31mb\u202Ec <b>'
    await recordEvents(server.store, lease, [{ type: 'assistant.message', data: { content } }])
    await endSession(server.store, lease, { state: 'completed' })

    const text = await (await stream).text()

    const events = [...text.matchAll(/^event: (.+)\ndata: (.+)$/gm)]
    expect(events.map(([, type]) => type)).toEqual(['changed', 'line', 'changed', 'end'])
    expect(JSON.parse(events[1]?.[2] ?? '')).toEqual({
      time: expect.stringMatching(/^\d\d:\d\d:\d\d$/),
      label: 'assistant.message',
      text: 'ab\uFFFDc <b>',
    })
  })

  it('is refused without a cookie', async () => {
    const { page } = await newTask()

    expect((await get(`${page}/log`, '')).status).toBe(401)
  })
})

describe('a repository', () => {
  it('has a page with its tasks, and its pull requests have theirs', async () => {
    const { repository } = await newTask('Fix <it>')
    repository.branches['errand/fix'] = { 'README.md': 'fixed' }
    const caller = await server.forge.authenticate(token)
    const access = caller && (await server.forge.repositoryById(caller, repository.id))
    if (caller === undefined || access === undefined) throw new Error('alice sees her repository')
    const words = { title: 'A <title>', body: 'A <body>' }
    await server.forge.openPull(caller, access, {
      ...words,
      head: 'errand/fix',
      base: 'main',
      draft: true,
    })

    const overview = await get(`/${repository.full_name}`)
    const pull = await get(`/${repository.full_name}/pull/1`)

    expect(overview.text).toContain('Fix &lt;it&gt;')
    expect(overview.text).toContain(`git clone ${server.url}/${repository.full_name}.git`)
    expect(pull.text).toMatch(/A &lt;title&gt;[\s\S]*draft[\s\S]*A &lt;body&gt;[\s\S]*\+fixed/)
    expect((await get(`/${repository.full_name}/pull/2`)).status).toBe(404)
    expect((await get(`/${repository.full_name}/pull/x`)).status).toBe(404)
  })

  it('of two words that no browser asks for is no page', async () => {
    const { repository } = await newTask()

    const answer = await server.call(`/${repository.full_name}`, { headers: { cookie } })

    expect(answer).toMatchObject({ status: 404, body: { message: 'Not Found' } })
  })
})
