import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { completeTask, getTask, scriptPrompt } from '../support/tasks.ts'

// The acceptance list of behaviour.md 7.4, by number, as raw HTTP: no client smooths anything over.
// Number 14, head_ref, is in e2e/head-ref.test.ts.

let errand: Errand
const tasks = '/agents/repos/acme/sums/tasks'

// Nothing runs here: a task that stays as it is keeps answers comparable.
beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

/** What some answer or other holds of these. */
interface Body {
  id: string
  url: string
  message: string
  errors: unknown
  created_at: string
  creator: { id: number }
  tasks: { id: string }[]
}

interface CallOptions {
  method?: string
  headers?: Record<string, string>
  body?: string
  token?: string
}

async function call(path: string, options: CallOptions = {}) {
  const { method = options.body === undefined ? 'GET' : 'POST', headers, body, token } = options
  const response = await checkedFetch(`${errand.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${token ?? errand.token}`, ...headers },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : text) as Body,
  }
}

const prompt = scriptPrompt('true')
const newTask = JSON.stringify({ prompt, model: 'script' })

describe('1. the body is JSON under any Content-Type', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/octet-stream',
    'application/vnd.github+json',
    'nonsense',
  ])('%s', async (type) => {
    const { status } = await call(tasks, { body: newTask, headers: { 'content-type': type } })

    expect(status).toBe(201)
  })

  it.each([
    ['{"prompt":', 400, 'Problems parsing JSON'],
    ['prompt=hello', 400, 'Problems parsing JSON'],
    ['["prompt"]', 400, 'Body should be a JSON object'],
    ['null', 400, 'Body should be a JSON object'],
    ['"prompt"', 400, 'Body should be a JSON object'],
    ['{"prompt": 1}', 422, 'Invalid request'],
    ['{}', 422, 'Validation Failed'],
  ])('answers %s with %i %s', async (body, status, message) => {
    const answer = await call(tasks, { body })

    expect(answer).toMatchObject({ status, body: { message } })
  })

  it('names the missing field', async () => {
    const { body } = await call(tasks, { body: '{"model": "script"}' })

    expect(body.errors).toMatchObject([{ code: 'missing_field', field: 'prompt' }])
  })
})

describe('2. ids are strings, nothing is null, and both array encodings count', () => {
  it.each([
    (ids: number[]) => ids.map((id) => `creator_id=${id}`).join('&'),
    (ids: number[]) => ids.map((id) => `creator_id[]=${id}`).join('&'),
    (ids: number[]) => ids.map((id) => `creator_id%5B%5D=${id}`).join('&'),
    (ids: number[]) => `creator_id=${ids.join(',')}`,
  ])('filters by %s', async (encode) => {
    const { body: task } = await call(tasks, { body: newTask })
    const creator = task.creator.id

    const with_ = await call(`${tasks}?${encode([creator, 999_999])}&per_page=1`)
    const without = await call(`${tasks}?${encode([999_998, 999_999])}`)

    expect(typeof task.id).toBe('string')
    expect(with_.body.tasks).toHaveLength(1)
    expect(without.body.tasks).toHaveLength(0)
  })
})

it('3. and 4. creates with exactly 201 and lists without total_count', async () => {
  const created = await call(tasks, { body: newTask })
  const list = await call(tasks)

  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({
    url: `${errand.url}/agents/repos/acme/sums/tasks/${created.body.id}`,
    state: 'queued',
    session_count: 1,
    artifacts: [],
    archived_at: null,
  })
  expect(created.body).not.toHaveProperty('sessions')
  expect(Object.keys(list.body).toSorted()).toEqual([
    'tasks',
    'total_active_count',
    'total_archived_count',
  ])
  expect(list.body.tasks).not.toContainEqual(
    expect.objectContaining({ sessions: expect.anything() }),
  )
})

describe('5. Link', () => {
  it('has first always, prev and next where there are such pages, and last on the last', async () => {
    await errand.addRepository('acme/paged')
    const path = '/agents/repos/acme/paged/tasks'
    for (let n = 0; n < 5; n += 1) await call(path, { body: newTask })
    const query = 'per_page=2&sort=created_at&direction=asc'

    const links = []
    for (const page of [1, 2, 3]) {
      const { headers } = await call(`${path}?${query}&page=${page}`)
      links.push(parseLink(headers.get('link')))
    }

    const page = (number: number) => ({
      origin: errand.url,
      query: { per_page: '2', sort: 'created_at', direction: 'asc', page: String(number) },
    })
    expect(links).toEqual([
      { first: page(1), next: page(2) },
      { first: page(1), prev: page(1), next: page(3) },
      { first: page(1), prev: page(2), last: page(3) },
    ])
  })

  it('has first and last when all fits on one page', async () => {
    await errand.addRepository('acme/empty')

    const { headers } = await call('/agents/repos/acme/empty/tasks')

    expect(Object.keys(parseLink(headers.get('link'))).toSorted()).toEqual(['first', 'last'])
  })

  function parseLink(link: string | null) {
    const parts = [...(link ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)]
    return Object.fromEntries(
      parts.map(([, href, rel]) => {
        const url = new URL(href as string)
        return [rel as string, { origin: url.origin, query: Object.fromEntries(url.searchParams) }]
      }),
    )
  }
})

describe('6. versions', () => {
  it.each(['2022-11-28', '2026-03-10', undefined])('answers in %s', async (version) => {
    const headers = version === undefined ? {} : { 'x-github-api-version': version }

    const answer = await call('/agents/tasks', { headers })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-github-api-version-selected')).toBe(version ?? '2022-11-28')
    expect(answer.headers.get('x-github-media-type')).toBe('github.v3; format=json')
  })

  it('refuses one it does not know with 400', async () => {
    const headers = { 'x-github-api-version': '2019-01-01' }

    const answer = await call('/agents/tasks', { headers })

    expect(answer.status).toBe(400)
    expect(answer.body.message).toMatch(/not supported/)
  })

  it('lists them', async () => {
    expect((await call('/versions')).body).toEqual(['2022-11-28', '2026-03-10'])
  })
})

describe('7. credentials', () => {
  it.each(['Bearer', 'bearer', 'token', 'Token'])('come as %s', async (scheme) => {
    const authorization = `${scheme} ${errand.token}`

    expect((await call('/agents/tasks', { headers: { authorization } })).status).toBe(200)
  })

  it('come as the password of Basic', async () => {
    const authorization = `Basic ${Buffer.from(`me:${errand.token}`).toString('base64')}`

    expect((await call('/agents/tasks', { headers: { authorization } })).status).toBe(200)
  })

  it.each([
    ['', 'Requires authentication'],
    ['Bearer ghp_unknown', 'Bad credentials'],
    ['Bearer', 'Requires authentication'],
  ])('%j are refused with 401', async (authorization, message) => {
    const answer = await call('/agents/tasks', { headers: { authorization } })

    expect(answer).toMatchObject({ status: 401, body: { message, status: '401' } })
  })
})

it('8. and 9. gives sessions oldest first, prompts verbatim, and ends in completed', async () => {
  await using working = await startErrand()
  await working.addRepository('acme/sums')
  const prompts = [
    `  Zähle 1–3 \u{1F600}\r\n\t${scriptPrompt('echo "${HOME}" && true')}  `,
    scriptPrompt('true', 'And again'),
  ] as const
  const { id } = await completeTask(working.client, 'acme/sums', {
    prompt: prompts[0],
    model: 'script',
  })
  await working.client.call('steerTask', { params: { task_id: id }, body: { content: prompts[1] } })
  for await (const _event of working.client.followEvents(id)) continue

  const task = await getTask(working.client, id)

  expect(task).toMatchObject({ state: 'completed', session_count: 2 })
  expect(task.sessions.map(({ prompt }) => prompt)).toEqual(prompts)
  const times = task.sessions.map(({ created_at: time }) => time)
  expect(times).toEqual(times.toSorted())
})

it.each(['gpt-1', 'claude-opus-99'])(
  '10. refuses the model %s in words clients know',
  async (model) => {
    const { status, body } = await call(tasks, { body: JSON.stringify({ prompt: 'p', model }) })

    expect(status).toBe(422)
    expect(body.message).toBe('Validation Failed')
    expect(body.errors).toMatchObject([{ code: 'custom', field: 'model' }])
    expect(JSON.stringify(body)).toMatch(new RegExp(`model '${model}' is not supported`))
  },
)

describe('13. conditional requests', () => {
  it.each(['weak', 'strong', 'among others', 'any'])('revalidate with 304: %s', async (form) => {
    const { body } = await call(tasks, { body: newTask })
    const path = `/agents/tasks/${body.id}`
    const etag = (await call(path)).headers.get('etag') ?? ''
    const ifNoneMatch = {
      weak: etag,
      strong: etag.replace(/^W\//, ''),
      'among others': `"x", ${etag}`,
      any: '*',
    }[form] as string

    const again = await call(path, { headers: { 'if-none-match': ifNoneMatch } })
    const other = await call(path, { headers: { 'if-none-match': '"x"' } })

    expect(etag).toMatch(/^(W\/)?"[^"]+"$/)
    expect([again.status, again.body, other.status]).toEqual([304, '', 200])
  })
})

describe('15. installation tokens', () => {
  it('are refused by all five operations, naming what would be needed', async () => {
    const bot = await errand.forge.createUser({ login: 'helper' })
    const token = await errand.forge.createToken({
      user: bot,
      kind: 'installation',
      permissions: { agent_tasks: 'write', contents: 'write' },
    })
    const { body } = await call(tasks, { body: newTask })

    const answers = [
      await call(tasks, { token, body: newTask }),
      await call(tasks, { token }),
      await call(`${tasks}/${body.id}`, { token }),
      await call('/agents/tasks', { token }),
      await call(`/agents/tasks/${body.id}`, { token }),
    ]

    for (const answer of answers) {
      expect(answer.status).toBe(403)
      expect(answer.body.message).toBe('Resource not accessible by integration')
      expect(answer.headers.get('x-accepted-github-permissions')).toMatch(/^agent_tasks=/)
    }
  })
})

describe('everything else of behaviour.md 2.4', () => {
  it('finds owners and repositories in any case', async () => {
    const answer = await call('/agents/repos/ACME/Sums/tasks', { body: newTask })

    expect(answer.status).toBe(201)
    expect(answer.body.url).toContain('/agents/repos/acme/sums/tasks/')
  })

  it.each([
    `/agents/repos/acme/nothing/tasks`,
    `/agents/repos/nobody/sums/tasks`,
    `/agents/tasks/${randomUUID()}`,
    '/agents/tasks/not-an-id',
    '/agents/tasks/',
    `${tasks}/`,
    '/agents/nothing',
  ])('answers %s with 404', async (path) => {
    const answer = await call(path)

    expect(answer).toMatchObject({ status: 404, body: { message: 'Not Found', status: '404' } })
  })

  it('lets a reader of a repository read its tasks, and start none', async () => {
    const reader = await errand.forge.createUser({ login: 'reader' })
    const token = await errand.forge.createToken({ user: reader, kind: 'classic' })
    const { body } = await call(tasks, { body: newTask })

    const read = await call(`/agents/tasks/${body.id}`, { token })
    const mine = await call('/agents/tasks', { token })
    const started = await call(tasks, { token, body: newTask })
    const cancelled = await call(`/agents/tasks/${body.id}/cancel`, { token, method: 'POST' })

    expect([read.status, started.status, cancelled.status]).toEqual([200, 403, 403])
    expect(mine.body.tasks).toEqual([])
  })

  it.each([
    ['fine_grained', 'Resource not accessible by personal access token'],
    ['user_to_server', 'Resource not accessible by integration'],
  ] as const)('needs the permission of a %s token', async (kind, message) => {
    const owner = { id: await ownerId() }
    const reading = await errand.forge.createToken({
      user: owner,
      kind,
      permissions: { agent_tasks: 'read' },
    })
    const none = await errand.forge.createToken({ user: owner, kind, permissions: {} })

    const refused = await call(tasks, { token: reading, body: newTask })

    expect((await call(tasks, { token: reading })).status).toBe(200)
    expect((await call(tasks, { token: none })).status).toBe(403)
    expect(refused).toMatchObject({ status: 403, body: { message } })
    expect(refused.headers.get('x-accepted-github-permissions')).toBe('agent_tasks=write')
  })

  async function ownerId(): Promise<number> {
    return (await call('/user')).body.id as unknown as number
  }

  it('sends whoever asks by an old name to the new one', async () => {
    await errand.addRepository('acme/before')
    const { body } = await call('/agents/repos/acme/before/tasks', { body: newTask })
    await call('/repos/acme/before', { method: 'PATCH', body: '{"name": "after"}' })

    const answer = await call(`/agents/repos/acme/before/tasks/${body.id}?x=1`)
    const location = answer.headers.get('location') ?? ''

    expect(answer.status).toBe(301)
    expect(location).toBe(`${errand.url}/agents/repos/acme/after/tasks/${body.id}?x=1`)
    expect((await call(new URL(location).pathname)).status).toBe(200)
    expect((await call('/agents/repos/acme/before/tasks', { body: newTask })).status).toBe(307)
  })

  it('answers 404 for a private repository and its tasks to whoever may not see it', async () => {
    const stranger = await errand.forge.createUser({ login: 'stranger' })
    const token = await errand.forge.createToken({
      user: stranger,
      kind: 'classic',
      scopes: ['repo'],
    })
    await errand.addRepository('acme/private')
    await call('/repos/acme/private', { method: 'PATCH', body: '{"private": true}' })
    const hidden = '/agents/repos/acme/private/tasks'
    const { body } = await call(hidden, { body: newTask })

    const answers = [
      await call(hidden, { token }),
      await call(hidden, { token, body: newTask }),
      await call(`${hidden}/${body.id}`, { token }),
      await call(`/agents/tasks/${body.id}`, { token }),
      await call(`/agents/tasks/${body.id}/events`, { token }),
      await call(`/agents/tasks/${body.id}/cancel`, { token, method: 'POST' }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404])
  })

  it('puts an id, rate limits and a version on every answer, errors too', async () => {
    for (const path of ['/agents/tasks', '/agents/tasks/x', '/user', '/rate_limit']) {
      const { headers } = await call(path)

      expect(headers.get('x-github-request-id')).toMatch(/^[0-9A-F]+(:[0-9A-F]+){4}$/)
      expect(headers.get('x-github-api-version-selected')).toBe('2022-11-28')
      expect(Number(headers.get('x-ratelimit-limit'))).toBeGreaterThanOrEqual(5000)
      expect(Number(headers.get('x-ratelimit-remaining'))).toBeGreaterThan(0)
      expect(headers.get('x-ratelimit-resource')).toBe('core')
    }
  })

  it('refuses a request without a User-Agent', async () => {
    const answer = await call('/agents/tasks', { headers: { 'user-agent': '' } })

    expect(answer.status).toBe(403)
  })

  it('reads its own write at once', async () => {
    const { body } = await call(tasks, { body: newTask })

    const [one, list] = await Promise.all([
      call(`/agents/tasks/${body.id}`),
      call(`${tasks}?sort=created_at&per_page=1`),
    ])

    expect(one.status).toBe(200)
    expect(list.body.tasks).toMatchObject([{ id: body.id }])
  })

  it.each([
    'per_page=0',
    'per_page=101',
    'page=0',
    'sort=name',
    'direction=up',
    'state=done',
    'is_archived=maybe',
    'since=yesterday',
    'creator_id=me',
  ])('refuses the filter %s with 422', async (query) => {
    const answer = await call(`${tasks}?${query}`)

    expect(answer.status).toBe(422)
    expect(JSON.stringify(answer.body)).toContain(query.replace(/=.*/, ''))
  })

  it('filters by time and state, and sorts both ways', async () => {
    await errand.addRepository('acme/filters')
    const path = '/agents/repos/acme/filters/tasks'
    const first = (await call(path, { body: newTask })).body
    await call(`/agents/tasks/${first.id}/cancel`, { method: 'POST' })
    const second = (await call(path, { body: newTask })).body

    const ids = async (query: string): Promise<unknown[]> => {
      const { body } = await call(`${path}?${query}`)
      return body.tasks.map(({ id }) => id)
    }

    expect(await ids('sort=created_at')).toEqual([second.id, first.id])
    expect(await ids('sort=created_at&direction=asc')).toEqual([first.id, second.id])
    expect(await ids('state=queued,in_progress')).toEqual([second.id])
    expect(await ids('state=cancelled')).toEqual([first.id])
    expect(await ids('state=completed,failed')).toEqual([])
    expect(await ids('is_archived=true')).toEqual([])
    expect(await ids(`since=${second.created_at}`)).toEqual([second.id])
  })
})
