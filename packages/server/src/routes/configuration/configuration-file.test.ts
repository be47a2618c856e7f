import { defaultConfiguration } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

// A server that says some settings itself, and whose repositories have their word in a file.

const file = '.github/cloud-agent.yml'
let server: TestServer
let token: string
let name: string
let files: Record<string, string>

beforeAll(async () => {
  const tools = { codeql: true }
  server = await openTestServer({
    configuration: {
      file,
      defaults: { is_firewall_recommended_allowlist_enabled: false },
      enforced: { is_firewall_enabled: true, enabled_tools: tools },
    },
  })
  token = server.forge.addToken('alice', { scopes: ['repo', 'admin:org'] })
})
afterAll(() => server?.[Symbol.asyncDispose]())

beforeEach(() => {
  const org = `org-${crypto.randomUUID().slice(0, 8)}`
  name = `${org}/shop`
  files = {}
  server.forge.addOrganization(org, { alice: 'admin' })
  server.forge.addRepository(name, { members: { alice: 'admin' }, branches: { main: files } })
})

async function ask(at: string, method = 'GET', body?: unknown) {
  const answer = await server.call(`/repos/${name}/copilot/cloud-agent/${at}`, {
    token,
    method,
    ...(body !== undefined && { body }),
  })
  return { status: answer.status, body: answer.body as unknown as Record<string, unknown> }
}

async function start() {
  const body = { prompt: 'p', model: 'script' }
  return await server.call(`/agents/repos/${name}/tasks`, { token, body })
}

it('the server says any setting by default or for good, and who says what is told of each part', async () => {
  files[file] =
    'enabled_tools: { codeql: false, secret_scanning: false }\nis_firewall_enabled: false\n'
  await server.call(`/orgs/${name.split('/')[0]}/copilot/cloud-agent/configuration`, {
    token,
    method: 'PUT',
    body: { additional_allowlist: ['all.example'] },
  })

  const { body } = await ask('effective-config')

  expect(body['settings']).toMatchObject({
    is_firewall_enabled: { value: true, source: 'server', is_enforced: true },
    is_firewall_recommended_allowlist_enabled: {
      value: false,
      source: 'server',
      is_enforced: false,
    },
    enabled_tools: {
      parts: [
        { name: 'codeql', source: 'server', is_enforced: true },
        { name: 'copilot_code_review', source: 'default', is_enforced: false },
        { name: 'secret_scanning', source: 'repository', is_enforced: false },
        { name: 'dependency_vulnerability_checks', source: 'default', is_enforced: false },
      ],
    },
    custom_allowlist: {
      parts: [{ name: 'all.example', source: 'organization', is_enforced: true }],
    },
  })
})

it('the file says what holds, as soon as it is pushed, and it alone', async () => {
  const none = await ask('configuration')
  files[file] = '# Ours\nis_automations_enabled: false\ncustom_allowlist: [a.example]\n'
  const said = await ask('configuration')
  const made = await server.call(`/agents/repos/${name}/automations`, {
    token,
    body: { name: 'weekly', prompt: 'p', triggers: {} },
  })
  const changes = [
    await ask('configuration', 'PUT', defaultConfiguration),
    await ask('configuration', 'PATCH', {}),
    await ask('configuration', 'DELETE'),
  ]

  expect(none.body['custom_allowlist']).toEqual([])
  expect(said.body).toMatchObject({
    is_automations_enabled: false,
    custom_allowlist: ['a.example'],
  })
  expect(made.status).toBe(403)
  expect(changes.map(({ status }) => status)).toEqual([409, 409, 409])
  expect(changes[0]?.body['message']).toContain(`kept in ${file} on main`)
  expect((await ask('effective-config')).body['file']).toEqual({ path: file })
  expect((await start()).status).toBe(201)
})

it.each([
  ['is_firewall_enabled: true\nis_firewal_enabled: true\n', ':2:1: is_firewal_enabled'],
  ['enabled_tools:\n  codeql: true\n  codql: true\n', ':3:3: enabled_tools.codql'],
  ['custom_allowlist:\n  - a.example\n  - a b\n', ':3:5: custom_allowlist.1'],
  ['custom_allowlist: [a\n', ':'],
  ['is_firewall_enabled: true\nis_firewall_enabled: false\n', ':2:'],
  ['- a\n', ':'],
  ['a: &x [1]\ncustom_allowlist: *x\n', ':'],
  ['mcp_configuration:\n  servers: {}\n', ':'],
  ['x'.repeat(300_000), ': is larger than'],
])('no agent begins to work by a file that cannot be read: %j', async (text, place) => {
  const before = await start()
  await server.call(`/agents/tasks/${before.body.id}/cancel`, { token, method: 'POST' })
  files[file] = text

  const refused = await start()
  const followUp = await server.call(`/agents/tasks/${before.body.id}/steer`, {
    token,
    body: { content: 'Go on' },
  })
  const automation = await server.call(`/agents/repos/${name}/automations`, {
    token,
    body: { name: 'weekly', prompt: 'p', triggers: {} },
  })
  const read = await ask('configuration')
  const { body } = await ask('effective-config')

  const answers = [refused, followUp, automation, read]
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 409])
  for (const message of [...answers.map((answer) => answer.body.message), body['refusal']]) {
    expect(message).toContain(`${file}${place}`)
  }
  expect(body['file']).toMatchObject({ path: file, problem: expect.stringContaining(file) })
  files[file] = 'is_firewall_enabled: true\n'
  expect((await start()).status).toBe(201)
})
