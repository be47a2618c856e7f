import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CallAnswer, openTestServer, type TestServer } from '../../testing/open-test-server.ts'
import { createTestForge } from '../../testing/test-forge.ts'

const secret = 'a secret of the sender'
const forge = createTestForge()
const token = forge.addToken('robot')
const variables: Record<string, string> = {
  SECRET: secret,
  TOKEN: token,
  GONE: 'a token that is gone',
}
const common = { secret_env: 'SECRET', token_env: 'TOKEN', model: 'script' }
const shop = { ...common, repository: 'acme/shop' }

let server: TestServer

beforeAll(async () => {
  forge.addRepository('acme/shop', { members: { robot: 'write' }, former_names: ['acme/store'] })
  forge.addRepository('acme/readable', { members: { robot: 'read' } })
  forge.addRepository('acme/hidden', { private: true })
  const hooks = [
    {
      ...common,
      id: 'tickets',
      repository: 'acme/{{ body.component | downcase }}',
      prompt: '{{ body.title }}{% if body.text %} ({{ body.text }}){% endif %}',
    },
    {
      ...common,
      id: 'labels',
      signature: 'github',
      when: "{% if headers['x-github-event'] == 'issues' and body.label == 'agent' %}true{% endif %}",
      repository: '{{ body.repository.full_name }}',
      prompt: 'Fix #{{ body.issue.number }}',
    },
    { ...shop, id: 'greedy', prompt: '{% for i in (1..100000000) %}{{ i }}{% endfor %}' },
    { ...shop, id: 'reader', prompt: "{% render '/etc/passwd' %}" },
    { ...shop, id: 'prober', prompt: '{{ headers["webhook-signature"] }}' },
    { ...shop, id: 'climber', prompt: '{{ body.constructor.name }}' },
    { ...shop, id: 'homeless', token_env: 'GONE', prompt: '{{ body.title }}' },
  ]
  const secrets = (name: string) => variables[name]
  server = await openTestServer({ integrations: { hooks } }, { forge, secrets })
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** Sends a request signed by the Standard Webhooks specification. */
function send(id: string, body: unknown, { delivery = randomUUID(), key = secret } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', key)
    .update(`${delivery}.${timestamp}.${text}`)
    .digest('base64')
  const headers = {
    'webhook-id': delivery,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
  return server.call(`/integrations/hooks/${id}`, { body: text, headers })
}

function sendAsGitHub(body: object, headers: Record<string, string>): Promise<CallAnswer> {
  const text = JSON.stringify(body)
  const signature = createHmac('sha256', secret).update(text).digest('hex')
  const signed = { 'x-hub-signature-256': `sha256=${signature}`, ...headers }
  return server.call('/integrations/hooks/labels', { body: text, headers: signed })
}

/** What a hook answers. */
function startedBy({ body }: CallAnswer): { task_id: string; replayed: boolean } {
  return body as unknown as { task_id: string; replayed: boolean }
}

describe('a hook', () => {
  it('makes a task of what it was sent', async () => {
    const answer = await send('tickets', {
      component: 'Shop',
      title: 'Sums are wrong',
      text: '<1>',
    })
    const { task_id } = startedBy(answer)
    const { body: task } = await server.call(`/agents/tasks/${task_id}`, { token })

    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({
      task_id,
      url: `${server.url}/agents/repos/acme/shop/tasks/${task_id}`,
      html_url: `${server.url}/acme/shop/copilot/tasks/${task_id}`,
      replayed: false,
    })
    expect(task.sessions[0]).toMatchObject({ prompt: 'Sums are wrong (<1>)', model: 'script' })
  })

  it('starts one task for a delivery, however often it comes', async () => {
    const delivery = randomUUID()
    const first = await send('tickets', { component: 'shop', title: 'Once' }, { delivery })
    const second = await send('tickets', { component: 'shop', title: 'Once' }, { delivery })
    const changed = await send('tickets', { component: 'shop', title: 'Other' }, { delivery })

    expect(startedBy(second)).toMatchObject({ task_id: startedBy(first).task_id, replayed: true })
    expect(changed.status).toBe(422)
  })

  it('starts none unless its condition holds', async () => {
    const body = { label: 'agent', repository: { full_name: 'acme/shop' }, issue: { number: 7 } }
    const issues = { 'x-github-event': 'issues', 'x-github-delivery': randomUUID() }
    const other = await sendAsGitHub({ ...body, label: 'bug' }, issues)
    const started = await sendAsGitHub(body, issues)
    const again = await sendAsGitHub(body, issues)

    expect([other.status, other.body]).toEqual([200, { skipped: true }])
    expect(started.status).toBe(202)
    expect(startedBy(again)).toMatchObject({ task_id: startedBy(started).task_id, replayed: true })
  })

  it.each([
    ['no name', {}],
    ['another name of GitHub’s', { 'x-github-delivery': randomUUID() }],
    ['another name of Jira’s', { 'x-atlassian-webhook-identifier': randomUUID() }],
  ])('takes a captured request for the same delivery under %s', async (name, headers) => {
    const issues = { 'x-github-event': 'issues' }
    const repository = { full_name: 'acme/shop' }
    const body = { label: 'agent', repository, issue: { number: 8, title: name } }
    const first = await sendAsGitHub(body, { ...issues, 'x-github-delivery': randomUUID() })
    const captured = await sendAsGitHub(body, { ...issues, ...headers })
    const next = await sendAsGitHub({ ...body, updated_at: 'later' }, issues)

    expect(startedBy(first).replayed).toBe(false)
    expect(startedBy(captured)).toMatchObject({
      task_id: startedBy(first).task_id,
      replayed: true,
    })
    expect(startedBy(next).replayed).toBe(false)
  })

  it('finds a repository that has another name now', async () => {
    const answer = await send('tickets', { component: 'store', title: 'Moved' })

    expect(answer.status).toBe(202)
  })
})

describe('whoever sends to a hook', () => {
  it.each([
    ['a wrong secret', 401, () => send('tickets', { title: 'x' }, { key: 'guess' })],
    ['no signature', 401, () => server.call('/integrations/hooks/tickets', { body: {} })],
    [
      'another kind of signature',
      401,
      () => server.call('/integrations/hooks/labels', { body: {} }),
    ],
    ['an unknown hook', 404, () => send('nothing', {})],
    ['a path', 404, () => send('..%2f..%2fuser', {})],
    ['no JSON', 400, () => send('tickets', '{')],
    ['a list', 400, () => send('tickets', [])],
    ['a body without what the template names', 422, () => send('tickets', { component: 'shop' })],
    [
      'a repository that is not there',
      404,
      () => send('tickets', { component: 'none', title: 'x' }),
    ],
    [
      'one the account may not see',
      404,
      () => send('tickets', { component: 'hidden', title: 'x' }),
    ],
    ['one it may not write to', 403, () => send('tickets', { component: 'readable', title: 'x' })],
    [
      'a repository that is a path',
      422,
      () => send('tickets', { component: '../../x', title: 'x' }),
    ],
    ['an empty prompt', 422, () => send('tickets', { component: 'shop', title: ' ' })],
    ['a body without end', 413, () => send('tickets', { title: 'x'.repeat(1024 * 1024) })],
    ['a template that would not end', 422, () => send('greedy', {})],
    ['a template that reads a file', 422, () => send('reader', {})],
    ['a template that shows the signature', 422, () => send('prober', {})],
    ['a template that climbs out of the body', 422, () => send('climber', {})],
    ['an account that is gone', 503, () => send('homeless', { title: 'x' })],
  ])('%s: %i', async (_, status, sending) => {
    const before = await server.call('/agents/tasks', { token })

    const answer = await sending()

    const after = await server.call('/agents/tasks', { token })
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ message: expect.any(String), status: String(status) })
    expect(after.body.tasks).toHaveLength(before.body.tasks.length)
    expect(answer.text).not.toContain(secret)
  })
})

describe('a server', () => {
  it.each([
    ['a variable that is not set', { ...shop, secret_env: 'MISSING', prompt: 'x' }, 'MISSING'],
    ['a template that is none', { ...shop, prompt: '{% if %}' }, 'integrations.hooks (bad).prompt'],
    ['a filter that is not there', { ...shop, prompt: '{{ body | magic }}' }, 'magic'],
  ])('does not start with %s', async (_, hook, message) => {
    const settings = { integrations: { hooks: [{ ...hook, id: 'bad' }] } }
    const secrets = (name: string) => variables[name]
    const options = { forge, secrets, store: server.store }

    await expect(openTestServer(settings, options)).rejects.toMatchObject({
      errors: [expect.objectContaining({ message: expect.stringContaining(message) })],
    })
  })
})
