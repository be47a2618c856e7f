import { expect, it, vi } from 'vitest'
import { openTestServer } from '../../testing/open-test-server.ts'

// listPolicyDeviations: GET /orgs/{org}/copilot/policy/deviations

const path = '/orgs/acme/copilot/policy/deviations'

async function open(options: Parameters<typeof openTestServer>[1] = {}) {
  const server = await openTestServer({}, options)
  server.forge.addOrganization('acme', { ada: 'admin', wim: 'member' })
  server.forge.addRepository('acme/shop', { members: { ada: 'admin' } })
  const scopes = ['repo', 'admin:org']
  const token = server.forge.addToken('ada', { scopes })
  const call = async (query = '', as = token) => {
    const { status, text } = await server.call(`${path}${query}`, { token: as })
    return { status, body: JSON.parse(text) }
  }
  return { server, token, call, member: server.forge.addToken('wim', { scopes }) }
}

const deviationOf = (name: string) => ({
  fingerprint: name,
  rule: 'firewall',
  severity: 'error',
  message: 'The firewall is off',
  place: ['is_firewall_enabled'],
})

it('deviations are noted when a configuration is changed, and told to owners alone', async () => {
  const { server, token, call, member } = await open({
    policy: {
      hashOn: () => 'one',
      deviationsOf: (name, { is_firewall_enabled: isOn }) => (isOn ? [] : [deviationOf(name)]),
    },
  })
  await using _ = server
  // What is changed before the policy was noted counts as there already.
  const versions = server.store.db.selectFrom('policy_versions').select('id')
  await vi.waitFor(async () => expect(await versions.execute()).toHaveLength(1), 60_000)
  const changed = await server.call('/repos/acme/shop/copilot/cloud-agent/configuration', {
    token,
    method: 'PATCH',
    body: { is_firewall_enabled: false },
  })
  expect(changed.status).toBe(200)

  await vi.waitFor(async () => expect((await call()).body.deviations).toHaveLength(1), 60_000)
  expect((await call('?repository=ACME/Shop')).body).toMatchObject({
    is_watched: true,
    deviations: [
      {
        repository: 'acme/shop',
        rule: 'firewall',
        since_cause: 'configuration',
        since_by: { actor: 'ada', audit_entry: 1 },
        ended_at: null,
        ended_by: null,
      },
    ],
  })
  expect((await call('?state=ended')).body.deviations).toEqual([])
  expect((await call('?repository=acme/other')).body.deviations).toEqual([])
  expect((await call('', member)).status).toBe(403)
  expect((await call('?state=wrong')).status).toBe(422)
})

it('the first task of a repository is enough for it to be looked at', async () => {
  const { server, token, call } = await open({
    policy: { hashOn: () => 'one', deviationsOf: (name) => [deviationOf(name)] },
  })
  await using _ = server
  const start = async (name: string) => {
    const body = { prompt: 'p', model: 'script' }
    const { status } = await server.call(`/agents/repos/${name}/tasks`, { token, body })
    expect(status).toBe(201)
    await vi.waitFor(
      async () =>
        expect((await call()).body.deviations[0]).toMatchObject({
          repository: name,
          since_cause: 'policy',
          since_by: null,
        }),
      60_000,
    )
  }

  await start('acme/shop')
  server.forge.addRepository('acme/next', { members: { ada: 'admin' } })
  await start('acme/next')
})

it('a server without a policy says that it keeps no history', async () => {
  const { server, call } = await open()
  await using _ = server

  expect(await call()).toEqual({ status: 200, body: { is_watched: false, deviations: [] } })
})
