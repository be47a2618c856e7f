import type { AutomationPage, AutomationRun, AutomationRunPage } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

// The scheduler runs beside it, as in production.

let server: TestServer
let alice: string
const path = '/agents/repos/acme/shop/automations'
const weekly = { cron: { expression: '0 9 * * 1', time_zone: 'Europe/Berlin' } }

beforeAll(async () => {
  server = await openTestServer({ prompt_limit_bytes: 1000 })
  alice = server.forge.addToken('alice')
  server.forge.addRepository('acme/shop', {
    members: { alice: 'write' },
  })
})
afterAll(() => server?.[Symbol.asyncDispose]())

const body = { name: 'Weekly', prompt: 'Tidy up', model: 'script' }

async function create(fields: object = {}, where = path) {
  const answer = await server.call(where, { token: alice, body: { ...body, ...fields } })
  expect(answer.status).toBe(201)
  return answer.body
}

async function runsOf(id: string, where = path): Promise<AutomationRun[]> {
  const answer = await server.call(`${where}/${id}/runs`, { token: alice })
  return (answer.body as unknown as AutomationRunPage).runs
}

/** A run of the automation when it has got as far as this. */
async function untilRun(id: string, status: AutomationRun['status'], where = path) {
  return await vi.waitFor(
    async () => {
      const run = (await runsOf(id, where)).find((one) => one.status === status)
      if (run === undefined) throw new Error(JSON.stringify(await runsOf(id, where)))
      return run
    },
    { timeout: 60_000 },
  )
}

const run = (id: string, where = path, token = alice) =>
  server.call(`${where}/${id}/tasks`, { token, body: {} })

describe('an automation', () => {
  it('is answered with all that it is, and its next time', async () => {
    const created = await create({ triggers: weekly })

    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      url: `${server.url}${path}/${created.id}`,
      name: 'Weekly',
      description: '',
      prompt: 'Tidy up',
      enabled: true,
      owner_type: 'user',
      write_scope: 'trigger',
      require_actor_write_permission: true,
      allow_concurrent_runs: false,
      triggers: weekly,
      model: 'script',
      agent: '',
      reasoning_effort: '',
      tools: ['create_pull_request'],
      github_mcp_toolsets: [],
      allowed_custom_agents: [],
      base_ref: '',
      usage_limits: [],
      usage_limit_status: [],
      usage: { last_24_hours: 0, last_7_days: 0, last_30_days: 0 },
      repository: { id: 1000, full_name: 'acme/shop' },
      next_run_at: expect.stringMatching(/T0[78]:00:00.000Z$/),
      current_revision_id: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
      created_by: { id: 1, login: 'alice' },
    })
    const read = await server.call(`${path}/${created.id}`, { token: alice })
    expect(read.body).toEqual(created)
  })

  it('is a summary in lists, found by each filter', async () => {
    const { id } = await create({ owner_type: 'repository', enabled: false, triggers: weekly })
    const find = async (query: string, where = path) => {
      const answer = await server.call(`${where}?${query}`, { token: alice })
      return (answer.body as unknown as AutomationPage).automations
    }

    const [found] = await find('enabled=false&event=cron&user=ALICE&owner_type=repository')
    expect(found).toMatchObject({
      id,
      enabled: false,
      write_scope: 'trigger',
      require_actor_write_permission: true,
      model: 'script',
      reasoning_effort: '',
      usage_limit_status: [],
    })
    expect(found).not.toHaveProperty('prompt')
    expect(found).not.toHaveProperty('tools')
    expect(found).not.toHaveProperty('next_run_at')
    expect(await find('event=interval')).toEqual([])
    expect(await find('user=bob')).toEqual([])
    expect((await find('user=me')).length).toBeGreaterThan(0)
    const mine = await find('owner_type=repository', '/agents/automations')
    expect(mine.map((one) => one.id)).toEqual([id])
    expect(await find('per_page=1')).toHaveLength(1)
  })

  it.each([
    [{ triggers: { issues: { types: ['opened'] } } }, 'triggers.issues', /does not fire issues/],
    [{ triggers: { discussion: {} } }, 'triggers', /no server fires discussion/],
    [
      { triggers: { pull_request: { types: ['assigned'] } } },
      'triggers.pull_request.types',
      /assigned/,
    ],
    [
      { triggers: { pull_request: { query: 'milestone:3' } } },
      'triggers.pull_request.query',
      /milestone/,
    ],
    [
      { triggers: { automation_run: { automation_ids: [crypto.randomUUID()] } } },
      'triggers.automation_run.automation_ids',
      /no automation/,
    ],
    [
      { triggers: { interval: { cadence: ['weekly'], hour_utc: 1 } } },
      'triggers.interval.day_of_week',
      /needed/,
    ],
    [
      { triggers: { interval: { cadence: ['daily'], minute_utc: 7, hour_utc: 1 } } },
      'triggers.interval.minute_utc',
      /./,
    ],
    [
      { triggers: { cron: { expression: '0 9 * * 1', time_zone: 'Mars/Olympus' } } },
      'triggers.cron.time_zone',
      /Mars/,
    ],
    [{ triggers: { cron: { expression: 'nonsense' } } }, 'triggers.cron.expression', /./],
    [{ prompt: ' ' }, 'prompt', /blank/],
    [{ prompt: 'x'.repeat(1001) }, 'prompt', /1000/],
    [{ model: 'gpt-9' }, 'model', /not supported/],
    [{ reasoning_effort: 'high' }, 'reasoning_effort', /empty/],
    [{ github_mcp_toolsets: ['issues'] }, 'github_mcp_toolsets', /empty/],
    [{ allowed_custom_agents: ['a', 'b'] }, 'allowed_custom_agents', /one/],
    [{ tools: ['rm'] }, 'tools', /create_pull_request/],
    [{ base_ref: 'a..b' }, 'base_ref', /./],
    [{ agent: 'codx' }, 'agent', /is not known; these are: coder, script/],
    [{ source_path: '../../etc/passwd' }, 'source_path', /automations/],
    [{ description: null }, 'description', /./],
    [
      {
        usage_limits: [
          { period: 'day', limit: 1 },
          { period: 'day', limit: 2 },
        ],
      },
      'usage_limits',
      /one limit/,
    ],
  ])('%j is refused by the field %s', async (fields, field, message) => {
    const answer = await server.call(path, { token: alice, body: { ...body, ...fields } })

    expect(answer.status).toBe(422)
    expect(answer.body.errors?.[0]).toMatchObject({
      field,
      message: expect.stringMatching(message),
    })
  })

  it('is changed where it is said, emptied by empty values, and not over another change', async () => {
    const { id, current_revision_id } = (await create({
      triggers: weekly,
      usage_limits: [{ period: 'week', limit: 5 }],
    })) as unknown as { id: string; current_revision_id: string }
    const change = (fields: object) =>
      server.call(`${path}/${id}`, { token: alice, method: 'PATCH', body: fields })
    const emptied = { triggers: {}, model: '', usage_limits: [] }

    const changed = await change({ ...emptied, expected_revision_id: current_revision_id })
    const stale = await change({ name: 'Mine', expected_revision_id: current_revision_id })

    expect(changed.body).toMatchObject({ ...emptied, name: 'Weekly', prompt: 'Tidy up' })
    expect(changed.body).not.toHaveProperty('next_run_at')
    expect([stale.status, stale.body.message]).toEqual([
      409,
      expect.stringContaining('expected_revision_id'),
    ])
    expect((await change({ name: null })).status).toBe(422)
  })

  it('is gone when it is deleted', async () => {
    const { id } = await create()
    const options = { token: alice, method: 'DELETE' }

    expect(await server.call(`${path}/${id}`, options)).toMatchObject({ status: 204, text: '' })
    expect((await server.call(`${path}/${id}`, options)).status).toBe(404)
    expect((await server.call(`${path}/not-an-id`, options)).status).toBe(404)
  })
})

it.each([path, '/agents/automations'])('%s tells what there is to choose from', async (where) => {
  // listAutomationTools, listAutomationTriggers, and both of a repository.
  const tools = await server.call(`${where}/tools`, { token: alice })
  const triggers = await server.call(`${where}/triggers`, { token: alice })

  expect(tools.body).toMatchObject({
    tools: [
      {
        id: 'pull_requests',
        tools: [
          { id: 'create_pull_request', scope: 'write' },
          { id: 'add_comment', scope: 'write' },
        ],
      },
    ],
  })
  expect(triggers.body).toMatchObject({
    triggers: [
      { id: 'interval', supports_run_now: true },
      { id: 'cron', supports_run_now: true },
      { id: 'pull_request', supports_run_now: true },
      { id: 'issue_comment', supports_run_now: true },
      { id: 'automation_run', supports_run_now: false },
    ],
  })
})

describe('a run', () => {
  it('is accepted with 202, gets its task, and keeps others from running beside it', async () => {
    const { id } = await create({ tools: [] })

    const accepted = await run(id)
    const started = await untilRun(id, 'started')
    const again = await run(id)

    expect(accepted).toMatchObject({ status: 202 })
    expect(accepted.body).toEqual({ automation_id: id, event: 'manual', run_id: started.id })
    expect(started).toMatchObject({ event: 'manual', actor: { login: 'alice' } })
    expect([again.status, again.body.message]).toEqual([
      409,
      expect.stringContaining(started.task_id ?? 'no task'),
    ])
    for (const where of [`${path}/${id}/tasks`, `/agents/automations/${id}/tasks`]) {
      const { body } = await server.call(where, { token: alice })
      expect(body.tasks).toMatchObject([{ id: started.task_id, creator: { id: 1 } }])
    }
    await server.call(`/agents/tasks/${started.task_id}/cancel`, { token: alice, body: {} })
    await untilRun(id, 'cancelled')
    expect((await run(id)).status).toBe(202)
  })

  it('of an event the automation does not have is refused', async () => {
    const { id } = await create({ triggers: weekly })
    const ask = (event: string) =>
      server.call(`${path}/${id}/tasks`, { token: alice, body: { event } })

    expect((await ask('interval')).body.errors).toMatchObject([{ field: 'event' }])
    expect((await ask('cron')).status).toBe(202)
  })
})
