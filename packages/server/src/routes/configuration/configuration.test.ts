import { type CloudAgentConfiguration, defaultConfiguration } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let alice: string
let bob: string
let name: string
let id: number
let path: string

beforeAll(async () => {
  server = await openTestServer()
  const scopes = ['repo', 'admin:org']
  alice = server.forge.addToken('alice', { scopes })
  bob = server.forge.addToken('bob', { scopes })
})
afterAll(() => server?.[Symbol.asyncDispose]())

beforeEach(() => {
  const org = `org-${crypto.randomUUID().slice(0, 8)}`
  name = `${org}/shop`
  path = `/repos/${name}/copilot/cloud-agent/configuration`
  server.forge.addOrganization(org, { alice: 'admin', bob: 'member' })
  const members = { alice: 'admin', bob: 'write', carol: 'read' } as const
  id = server.forge.addRepository(name, { members }).id
})

const org = () => `/orgs/${name.split('/')[0]}`

interface Asked {
  token?: string
  method?: string
  body?: unknown
  headers?: Record<string, string>
}

async function ask(at: string, { token = alice, ...options }: Asked = {}) {
  const { body, ...answer } = await server.call(at, { token, ...options })
  // What the test at hand expects of it.
  return { ...answer, body: body as unknown as Record<string, unknown> & CloudAgentConfiguration }
}

const patch = (body: object, more: Asked = {}) => ask(path, { method: 'PATCH', body, ...more })
const errorsOf = (body: object) =>
  (body as { errors?: { field: string; message: string }[] }).errors

describe("a repository's configuration", () => {
  it("has GitHub's eight fields with GitHub's defaults", async () => {
    const { status, body } = await ask(path)

    expect([status, body]).toEqual([200, defaultConfiguration])
  })

  it('is changed field by field, and as a whole, and says what holds', async () => {
    const mcp = { mcpServers: { docs: { type: 'http', url: 'https://docs.example/mcp' } } }
    const first = await patch({
      is_firewall_enabled: false,
      enabled_tools: { codeql: false },
      mcp_configuration: mcp,
    })
    const second = await patch({ custom_allowlist: ['a.example', 'https://b.example/x/'] })
    const whole = await ask(path, { method: 'PUT', body: defaultConfiguration })

    expect([first.status, second.status, whole.status]).toEqual([200, 200, 200])
    expect(second.body).toEqual({
      ...defaultConfiguration,
      is_firewall_enabled: false,
      enabled_tools: { ...defaultConfiguration.enabled_tools, codeql: false },
      mcp_configuration: mcp,
      custom_allowlist: ['a.example', 'https://b.example/x/'],
    })
    expect((await ask(path)).body).toEqual(defaultConfiguration)
  })

  it('is not overwritten by who has read an older one', async () => {
    const { headers } = await ask(path)
    const etag = headers.get('etag') ?? ''
    const mine = await patch({ is_firewall_enabled: false }, { headers: { 'if-match': etag } })
    const theirs = await patch({ custom_allowlist: [] }, { headers: { 'if-match': etag } })

    expect([mine.status, theirs.status]).toEqual([200, 412])
  })

  it.each([
    ['custom_allowlist', { custom_allowlist: ['a b'] }],
    ['custom_allowlist', { custom_allowlist: ['https://user:pass@a.example/'] }],
    ['custom_allowlist', { custom_allowlist: ['a.example/?q'] }],
    ['custom_allowlist', { custom_allowlist: ['ftp://a.example/'] }],
    ['custom_allowlist', { custom_allowlist: Array.from({ length: 1001 }, () => 'a.example') }],
    ['is_firewall_enabled', { is_firewall_enabled: 'yes' }],
    ['enabled_tools.codeql', { enabled_tools: { codeql: 1 } }],
    ['mcp_configuration.mcpServers', { mcp_configuration: {} }],
    ['mcp_configuration', { mcp_configuration: { mcpServers: {}, servers: {} } }],
    ['mcp_configuration.mcpServers.x.command', mcp({ type: 'local', args: [] })],
    ['mcp_configuration.mcpServers.x.args', mcp({ type: 'stdio', command: 'x' })],
    ['mcp_configuration.mcpServers.x.url', mcp({ type: 'http', url: 'file:///etc' })],
    ['mcp_configuration.mcpServers.x.type', mcp({ type: 'other' })],
    [
      'mcp_configuration.mcpServers.x.env',
      mcp({ type: 'local', command: 'x', args: [], env: { A: '$HOME' } }),
    ],
    ['mcp_configuration.mcpServers.x.args', mcp({ type: 'local', command: 'x', args: ['$B'] })],
    ['mcp_configuration', mcp({ type: 'http', url: `https://a/`, note: 'x'.repeat(70_000) })],
  ])('says what is wrong with %s: %j', async (field, body) => {
    const answer = await patch(body)

    expect(answer.status).toBe(422)
    expect(errorsOf(answer.body)?.map((error) => error.field)).toContain(field)
    expect((await ask(path)).body).toEqual(defaultConfiguration)
  })

  it('takes GitHub’s own examples of MCP servers', async () => {
    const answer = await patch({
      mcp_configuration: {
        mcpServers: {
          sentry: {
            type: 'local',
            command: 'npx',
            args: ['@sentry/mcp-server@latest', '--host=$SENTRY_HOST'],
            tools: ['get_issue_details'],
            env: { SENTRY_HOST: '$COPILOT_MCP_HOST', TOKEN: '${COPILOT_MCP_TOKEN:-none}' },
          },
          remote: { type: 'sse', url: 'https://x.example/sse', headers: { A: '$COPILOT_MCP_A' } },
        },
      },
    })

    expect(answer.status).toBe(200)
  })

  it('keeps no prototype, whatever it is called', async () => {
    const body =
      '{"mcp_configuration":{"mcpServers":{"__proto__":{"type":"local","command":"x","args":[]}}}}'

    expect((await patch({}, { body })).status).toBeOneOf([200, 422])
    expect(({} as { command?: string }).command).toBeUndefined()
  })
})

function mcp(x: object): object {
  return { mcp_configuration: { mcpServers: { x } } }
}

it.each([50, 150, 5000, 100_000])(
  'what is nested %i deep does not break the server',
  async (depth) => {
    const body = `{"mcp_configuration":${'['.repeat(depth)}${']'.repeat(depth)}}`

    expect((await patch({}, { body })).status).toBe(depth > 100 ? 400 : 422)
  },
)

describe('what a repository said', () => {
  const unset = (field?: string) =>
    ask(`${path}${field === undefined ? '' : `?field=${field}`}`, { method: 'DELETE' })

  it('can be taken back: a field, a tool, or all of it, and each is written down', async () => {
    await patch({ is_firewall_enabled: false, enabled_tools: { codeql: false } })
    await patch({ enabled_tools: { secret_scanning: false }, custom_allowlist: ['a.example'] })

    const tool = await unset('enabled_tools.codeql')
    const field = await unset('is_firewall_enabled')
    const wrong = await unset('is_firewall')
    const stale = await ask(path, { method: 'DELETE', headers: { 'if-match': 'W/"old"' } })
    const all = await unset()
    await unset()

    expect(tool.body.enabled_tools).toMatchObject({ codeql: true, secret_scanning: false })
    expect([field.status, field.body.is_firewall_enabled]).toEqual([200, true])
    expect(field.body.custom_allowlist).toEqual(['a.example'])
    expect([wrong.status, stale.status]).toEqual([422, 412])
    expect(all.body).toEqual(defaultConfiguration)
    const log = (await ask(`${org()}/audit-log`)).body as unknown as { data: object }[]
    expect(log).toHaveLength(5)
    expect(log[0]).toMatchObject({
      data: { before: { custom_allowlist: ['a.example'] }, after: {} },
    })
    expect((await ask(path.replace(/[^/]*$/, 'effective-config'))).body['settings']).toMatchObject({
      custom_allowlist: { source: 'default' },
    })
  })

  it('cannot be taken back by who may only write', async () => {
    expect((await ask(path, { token: bob, method: 'DELETE' })).status).toBe(403)
  })
})

describe('who may look and who may change', () => {
  it.each([
    ['alice', [200, 200, 200, 200, 200, 204]],
    ['bob', [200, 200, 403, 403, 403, 403]],
    ['carol', [403, 403, 403, 404, 404, 404]],
    ['dave', [403, 403, 403, 404, 404, 404]],
  ])('%s is answered with %j', async (login, statuses) => {
    const token = server.forge.addToken(login, { scopes: ['repo', 'admin:org'] })
    const answers = [
      await ask(path, { token }),
      await ask(path.replace(/[^/]*$/, 'effective-config'), { token }),
      await patch({}, { token }),
      await ask(`${org()}/copilot/cloud-agent/configuration`, { token }),
      await ask(`${org()}/audit-log`, { token }),
      await ask(`${org()}/copilot/coding-agent/permissions`, {
        token,
        method: 'PUT',
        body: { enabled_repositories: 'all' },
      }),
    ]

    expect(answers.map(({ status }) => status)).toEqual(statuses)
  })

  it.each([
    ['classic', { scopes: ['public_repo'] }, [403, 403], 'x-accepted-oauth-scopes', 'repo'],
    ['classic', { scopes: ['admin:org'] }, [403, 403], 'x-accepted-oauth-scopes', 'repo'],
    [
      'fine_grained',
      { permissions: { agent_tasks: 'write' } },
      [403, 403],
      'x-accepted-github-permissions',
      'administration=read',
    ],
    ['fine_grained', { permissions: { administration: 'read' } }, [200, 403], 'etag', undefined],
    ['fine_grained', { permissions: { administration: 'write' } }, [200, 200], 'etag', undefined],
    ['installation', { permissions: { administration: 'write' } }, [200, 200], 'etag', undefined],
  ] as const)(
    'a token of kind %s with %j is answered with %j',
    async (kind, token, statuses, header, value) => {
      const { scopes, permissions } = { scopes: [], permissions: {}, ...token }
      const secret = server.forge.addToken('alice', { kind, scopes: [...scopes], permissions })

      const read = await ask(path, { token: secret })
      const written = await patch({}, { token: secret })

      expect([read.status, written.status]).toEqual(statuses)
      expect(read.headers.get(header)).toMatch(new RegExp(value ?? '^W/'))
    },
  )

  it('a private repository is not there for others', async () => {
    const hidden = server.forge.addRepository(`${name}-hidden`, {
      private: true,
      members: { alice: 'admin' },
    })
    const at = `/repos/${hidden.full_name}/copilot/cloud-agent/configuration`

    const answers = [
      await ask(at, { token: bob }),
      await ask(at, { token: bob, method: 'PUT', body: {} }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 422])
  })
})

describe('an organization', () => {
  const put = (body: object) =>
    ask(`${org()}/copilot/cloud-agent/configuration`, { method: 'PUT', body })

  it('enforces what a repository cannot change, says so, and adds hosts', async () => {
    await put({ enforced: { is_firewall_enabled: true }, additional_allowlist: ['all.example'] })

    const refused = await patch({ is_firewall_enabled: false })
    const same = await patch({ is_firewall_enabled: true, custom_allowlist: ['own.example'] })
    const effective = await ask(path.replace(/[^/]*$/, 'effective-config'))

    expect(refused.status).toBe(422)
    expect(errorsOf(refused.body)).toMatchObject([
      { field: 'is_firewall_enabled', message: expect.stringContaining('by the organization') },
    ])
    expect(same.body.custom_allowlist).toEqual(['own.example', 'all.example'])
    expect(effective.body['settings']).toMatchObject({
      is_firewall_enabled: {
        value: true,
        source: 'organization',
        is_enforced: true,
        effect: expect.stringContaining('allowlists'),
      },
      custom_allowlist: { source: 'repository', is_enforced: false },
      is_automations_enabled: { value: true, source: 'default', is_enforced: false },
    })
  })

  it('enforces one tool and leaves the others, and takes back what it answered', async () => {
    const mcp_configuration = mcp({ type: 'http', url: 'https://x.example', tools: ['b', 'a'] })
    await put({
      enforced: { enabled_tools: { codeql: true }, ...mcp_configuration },
      additional_allowlist: ['all.example'],
    })

    const other = await patch({ enabled_tools: { secret_scanning: false } })
    const refused = await patch({ enabled_tools: { codeql: false } })
    const whole = await ask(path, { method: 'PUT', body: other.body })
    await put({})

    expect([other.status, refused.status, whole.status]).toEqual([200, 422, 200])
    expect(errorsOf(refused.body)).toMatchObject([{ field: 'enabled_tools.codeql' }])
    expect(other.body.enabled_tools).toMatchObject({ codeql: true, secret_scanning: false })
    // The host was the organization's, and went with it.
    expect((await ask(path)).body.custom_allowlist).toEqual([])
  })

  it('keeps agents out of repositories that are not selected, however a task is asked for', async () => {
    const permissions = `${org()}/copilot/coding-agent/permissions`
    const start = () =>
      ask(`/agents/repos/${name}/tasks`, { body: { prompt: 'p', model: 'script' } })
    const set = (body: object) => ask(permissions, { method: 'PUT', body })

    const [running, ended] = [await start(), await start()].map((task) => String(task.body['id']))
    await ask(`/agents/tasks/${ended}/cancel`, { method: 'POST' })
    const steer = (task: string | undefined) =>
      ask(`/agents/tasks/${task}/steer`, { body: { content: 'Go on' } })
    expect((await set({ enabled_repositories: 'selected' })).status).toBe(204)
    const refused = await start()
    const [followUp, message] = [await steer(ended), await steer(running)]
    const campaign = await ask('/agents/campaigns', {
      body: { prompt: 'p', model: 'script', targets: [{ repository: name }] },
    })
    expect((await ask(`${permissions}/repositories/${id}`, { method: 'PUT' })).status).toBe(204)
    const listed = await ask(`${permissions}/repositories`)

    expect(refused.status).toBe(403)
    expect(refused.body['message']).toContain(`Agents are not enabled in ${name}`)
    expect([followUp.status, followUp.body['message']]).toEqual([403, refused.body['message']])
    // What works goes on.
    expect([message.status, message.body['outcome']]).toEqual([202, 'queued'])
    expect(campaign.status).toBe(422)
    expect(JSON.stringify(campaign.body)).toContain('Agents are not enabled')
    expect(listed.body).toMatchObject({ total_count: 1, repositories: [{ id, full_name: name }] })
    expect((await start()).status).toBe(201)
    expect((await ask(`${permissions}/repositories/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await start()).status).toBe(403)
    expect((await set({ enabled_repositories: 'none' })).status).toBe(204)
    expect((await ask(`${permissions}/repositories/${id}`, { method: 'PUT' })).status).toBe(409)
    expect((await ask(`${permissions}/repositories`)).status).toBe(409)
  })

  it('selects only repositories of its own', async () => {
    const permissions = `${org()}/copilot/coding-agent/permissions`
    const stranger = server.forge.addRepository(`other-${id}/x`, { members: { alice: 'admin' } })
    await ask(permissions, { method: 'PUT', body: { enabled_repositories: 'selected' } })

    const one = await ask(`${permissions}/repositories/${stranger.id}`, { method: 'PUT' })
    const many = await ask(`${permissions}/repositories`, {
      method: 'PUT',
      body: { selected_repository_ids: [id, stranger.id] },
    })

    expect([one.status, many.status]).toEqual([404, 422])
    expect((await ask(`${permissions}/repositories`)).body).toMatchObject({ total_count: 0 })
  })

  it('switches automations off in all its repositories', async () => {
    await put({ enforced: { is_automations_enabled: false } })

    const made = await ask(`/agents/repos/${name}/automations`, {
      body: { name: 'weekly', prompt: 'p', triggers: {} },
    })

    expect(made.status).toBe(403)
    expect(made.body['message']).toContain('by the organization (is_automations_enabled)')
  })
})

describe('the audit log', () => {
  it('tells the owners who changed what, masked, page by page', async () => {
    await patch({ is_firewall_enabled: false })
    await patch(mcp({ type: 'http', url: 'https://x.example', headers: { A: 'ghp_literal' } }))
    await ask(`${org()}/copilot/coding-agent/permissions`, {
      method: 'PUT',
      body: { enabled_repositories: 'selected' },
    })

    const first = await ask(`${org()}/audit-log?per_page=2`)
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await ask(next.replace(server.url, ''))
    const found = await ask(`${org()}/audit-log?phrase=action:repo.*%20actor:ALICE&order=asc`)

    const entries = [first, second].flatMap(
      ({ body }) => body as unknown as Record<string, unknown>[],
    )
    expect(entries.map((entry) => entry['action'])).toEqual([
      'org.update_copilot_coding_agent_permissions',
      'repo.update_copilot_cloud_agent_configuration',
      'repo.update_copilot_cloud_agent_configuration',
    ])
    expect(entries[2]).toMatchObject({
      actor: 'alice',
      repo: name,
      org: name.split('/')[0],
      data: { before: {}, after: { is_firewall_enabled: false } },
    })
    expect(JSON.stringify(entries)).not.toContain('ghp_literal')
    expect(second.headers.get('link')).toMatch(/rel="prev"/)
    expect(found.body).toHaveLength(2)
  })

  it.each(['nonsense', 'action', 'created:tomorrow', 'created:2026-13-40', 'who:alice'])(
    'says that it does not understand the phrase %s',
    async (phrase) => {
      const { status, body } = await ask(`${org()}/audit-log?phrase=${phrase}`)

      expect([status, errorsOf(body)?.[0]?.field]).toEqual([422, 'phrase'])
    },
  )

  it.each([
    ['created:>=2020-01-01', 1],
    ['created:<2020-01-01', 0],
    ['created:>TODAY', 0],
    ['created:<TODAY', 0],
    ['created:2020-01-01..*', 1],
    ['created:2019-01-01..2020-01-01T00:00:00Z', 0],
    ['created:TODAY', 1],
  ])('is asked for a time by %s', async (pattern, count) => {
    await patch({ is_firewall_enabled: false })
    const phrase = pattern.replace('TODAY', new Date().toISOString().slice(0, 10))

    const { body } = await ask(`${org()}/audit-log?phrase=${encodeURIComponent(phrase)}`)
    expect(body).toHaveLength(count)
  })

  it('is whole only for who administers the server', async () => {
    expect((await ask('/audit-log')).status).toBe(403)
  })
})
