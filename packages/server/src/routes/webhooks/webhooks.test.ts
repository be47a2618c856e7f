import { routes, type Webhook, type WebhookDelivery } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

// GitHub's operations on webhooks, of repositories and of organizations.

let server: TestServer
let admin: string
let writer: string

beforeAll(async () => {
  server = await openTestServer({ webhooks: { allow_private_addresses: true } })
  admin = server.forge.addToken('ada', { scopes: ['repo', 'admin:org', 'admin:org_hook'] })
  writer = server.forge.addToken('wim', { scopes: ['repo', 'admin:org', 'admin:org_hook'] })
  server.forge.addOrganization('acme', { ada: 'admin', wim: 'member' })
  server.forge.addRepository('acme/shop', { members: { ada: 'admin', wim: 'write' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

const config = { url: 'http://127.0.0.1:9/hook', content_type: 'json', secret: 's3cret' }

const operations = {
  Repository: [
    'listRepositoryWebhooks',
    'createRepositoryWebhook',
    'getRepositoryWebhook',
    'updateRepositoryWebhook',
    'deleteRepositoryWebhook',
    'getRepositoryWebhookConfig',
    'updateRepositoryWebhookConfig',
    'listRepositoryWebhookDeliveries',
    'getRepositoryWebhookDelivery',
    'redeliverRepositoryWebhookDelivery',
    'pingRepositoryWebhook',
  ],
  Organization: [
    'listOrganizationWebhooks',
    'createOrganizationWebhook',
    'getOrganizationWebhook',
    'updateOrganizationWebhook',
    'deleteOrganizationWebhook',
    'getOrganizationWebhookConfig',
    'updateOrganizationWebhookConfig',
    'listOrganizationWebhookDeliveries',
    'getOrganizationWebhookDelivery',
    'redeliverOrganizationWebhookDelivery',
    'pingOrganizationWebhook',
  ],
} as const

describe.each([
  ['Repository', '/repos/acme/shop/hooks'],
  ['Organization', '/orgs/acme/hooks'],
] as const)('a webhook of a %s', (type, path) => {
  async function call<T>(method: string, below = '', body?: object, token = admin) {
    const answer = await server.call(`${path}${below}`, {
      method,
      token,
      ...(body === undefined ? {} : { body }),
    })
    const parsed = answer.text === '' ? undefined : JSON.parse(answer.text)
    return { status: answer.status, body: parsed as T, headers: answer.headers, text: answer.text }
  }
  const create = async (fields: object = {}) =>
    (await call<Webhook>('POST', '', { config, events: ['agent_task'], ...fields })).body
  const told = (id: number) =>
    vi.waitFor(
      async () => {
        const list = await call<WebhookDelivery[]>('GET', `/${id}/deliveries`)
        expect(list.body).toHaveLength(1)
        return list.body[0] as WebhookDelivery
      },
      { timeout: 60_000 },
    )

  it('is made, listed, shown, changed and deleted, its secret never told', async () => {
    const made = await call<Webhook>('POST', '', { name: 'web', config, events: ['agent_task'] })
    const { id } = made.body
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      type,
      name: 'web',
      active: true,
      events: ['agent_task'],
      config: { url: config.url, content_type: 'json', insecure_ssl: '0', secret: '********' },
      url: `${server.url}${path}/${id}`,
      ping_url: `${server.url}${path}/${id}/pings`,
      deliveries_url: `${server.url}${path}/${id}/deliveries`,
    })
    expect((await call<Webhook[]>('GET')).body.map((hook) => hook.id)).toEqual([id])
    expect((await call<Webhook>('GET', `/${id}`)).body.config).toEqual(made.body.config)

    const changed = await call<Webhook>('PATCH', `/${id}`, { add_events: ['push'], active: false })
    expect(changed.body).toMatchObject({ active: false, events: ['agent_task', 'push'] })
    const removed = await call<Webhook>('PATCH', `/${id}`, { remove_events: ['push'] })
    expect(removed.body.events).toEqual(['agent_task'])
    const none = await call('PATCH', `/${id}`, { remove_events: ['agent_task'] })
    expect([none.status, none.text]).toEqual([422, expect.stringContaining('leaves no event')])
    const secretOnly = await call('PATCH', `/${id}/config`, { secret: '', insecure_ssl: '1' })
    expect(secretOnly.body).toEqual({
      url: config.url,
      content_type: 'json',
      insecure_ssl: '1',
    })
    expect((await call('GET', `/${id}/config`)).body).toEqual(secretOnly.body)
    const whole = await call<Webhook>('PATCH', `/${id}`, { config: { url: 'http://127.0.0.1:8/' } })
    expect(whole.body.config).toEqual({
      url: 'http://127.0.0.1:8/',
      content_type: 'form',
      insecure_ssl: '0',
    })

    expect((await call('DELETE', `/${id}`)).status).toBe(204)
    expect((await call('GET', `/${id}`)).status).toBe(404)
    expect((await call('DELETE', `/${id}`)).status).toBe(404)
    expect(made.text + changed.text).not.toContain('s3cret')
  })

  it('is pinged when it is made, and what it was told can be seen and told again', async () => {
    const { id } = await create({ config: { ...config, url: 'http://127.0.0.1:9/' } })
    const ping = await told(id)
    expect(ping).toMatchObject({ event: 'ping', status_code: 0, redelivery: false, action: null })
    const one = await call<WebhookDelivery>('GET', `/${id}/deliveries/${ping.id}`)
    expect(one.body).toMatchObject({
      guid: ping.guid,
      url: 'http://127.0.0.1:9/',
      request: {
        headers: { 'X-GitHub-Event': 'ping', 'X-GitHub-Delivery': ping.guid },
        payload: { hook_id: id, sender: { login: 'ada' } },
      },
      response: { headers: null, payload: null },
    })
    expect(one.text).not.toContain('s3cret')

    const again = await call('POST', `/${id}/deliveries/${ping.id}/attempts`)
    expect([again.status, again.body]).toEqual([202, {}])
    expect((await call('POST', `/${id}/pings`)).status).toBe(204)
    await vi.waitFor(
      async () => {
        const { body } = await call<WebhookDelivery[]>('GET', `/${id}/deliveries`)
        expect(body).toHaveLength(3)
        expect(body.filter(({ redelivery }) => redelivery)).toHaveLength(1)
      },
      { timeout: 60_000 },
    )
    const page = await call<WebhookDelivery[]>('GET', `/${id}/deliveries?per_page=2`)
    const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
    const rest = await server.call(next.slice(server.url.length), { token: admin })
    expect(JSON.parse(rest.text)).toMatchObject([{ id: ping.id }])
    expect((await call('GET', `/${id}/deliveries/999999`)).status).toBe(404)
    await call('DELETE', `/${id}`)
  })

  it('is there for administrators only', async () => {
    const { id } = await create()
    const refused = type === 'Repository' ? 404 : 403
    for (const name of operations[type]) {
      const { method, path: template } = routes[name]
      const below = template.slice(template.indexOf('/hooks') + '/hooks'.length)
      const filled = below.replace('{hook_id}', String(id)).replace('{delivery_id}', '1')
      const body = method === 'GET' ? undefined : { config, active: false }
      expect([name, (await call(method, filled, body, writer)).status]).toEqual([name, refused])
    }
    const narrow = server.forge.addToken('ada', { scopes: ['read:user'] })
    expect((await call('GET', '', undefined, narrow)).status).toBe(403)
    const unknown = await server.call(path, { token: 'ghp_unknown' })
    expect(unknown.status).toBe(401)
    await call('DELETE', `/${id}`)
  })

  it.each([
    ['config.url', { config: { ...config, url: 'ftp://example.com' } }, 'http or https'],
    ['config.url', { config: { ...config, url: 'http://a:b@example.com' } }, 'password'],
    ['config', {}, ''],
    ['events', { config, events: ['made_up'] }, ''],
    ['config.content_type', { config: { ...config, content_type: 'xml' } }, ''],
  ])('is refused with a wrong %s', async (field, body, message) => {
    const refused = await call<{ errors: { field: string }[] }>('POST', '', body)

    expect(refused.status).toBe(422)
    expect(refused.body.errors[0]?.field).toBe(field)
    expect(refused.text).toContain(message)
  })
})

it('a webhook of one repository is not there below another', async () => {
  server.forge.addRepository('acme/other', { members: { ada: 'admin' } })
  const body = { config, events: ['agent_task'] }
  const made = await server.call('/repos/acme/shop/hooks', { token: admin, body })
  const { id } = JSON.parse(made.text)

  const elsewhere = await server.call(`/repos/acme/other/hooks/${id}`, { token: admin })

  expect(elsewhere.status).toBe(404)
})

it('where the forge is elsewhere only tasks are told of, and private addresses are refused', async () => {
  await using other = await openTestServer({ forge: 'https://api.example.com' })
  other.forge.addRepository('acme/shop', { members: { ada: 'admin' } })
  const token = other.forge.addToken('ada')
  const create = (fields: object) =>
    other.call('/repos/acme/shop/hooks', {
      token,
      body: { config: { url: 'https://example.com/' }, ...fields },
    })

  expect(JSON.parse((await create({})).text)).toMatchObject({ events: ['agent_task'] })
  expect((await create({ events: ['push'] })).text).toContain('is told by https://api.example.com')
  const inward = await create({ config: { url: 'http://169.254.169.254/latest' } })
  expect([inward.status, inward.text]).toEqual([
    422,
    expect.stringContaining('private or reserved'),
  ])
})
