import { Campaign, CampaignForecast, CampaignPage, CampaignTargetPage } from '@errand/contract'
import { endSession, recordArtifact } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseTask } from '../../testing/lease-task.ts'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'
import { readUntil } from '../../testing/read-until.ts'

let server: TestServer
let token: string

beforeAll(async () => {
  server = await openTestServer({}, { forgeToken: () => forgeToken })
  token = server.forge.addToken('alice')
  forgeToken = server.forge.addToken('errand')
})
afterAll(() => server?.[Symbol.asyncDispose]())

let forgeToken: string | undefined

/** Names of so many new repositories. */
function repositories(
  count: number,
  members: object = { alice: 'write', grace: 'read' },
): string[] {
  return Array.from({ length: count }, () => {
    const name = `acme/r${crypto.randomUUID()}`
    server.forge.addRepository(name, { members: { errand: 'write', ...members } })
    return name
  })
}

function body(names: string[], fields: object = {}) {
  const targets = names.map((repository) => ({ repository }))
  return { prompt: 'Move to Node 24', model: 'script', targets, ...fields }
}

async function create(names: string[], fields: object = {}): Promise<Campaign> {
  const answer = await server.call('/agents/campaigns', { token, body: body(names, fields) })
  expect(answer.status).toBe(201)
  return Campaign.parse(answer.body)
}

async function read(id: string): Promise<Campaign> {
  const { body: answer } = await server.call(`/agents/campaigns/${id}`, { token })
  return Campaign.parse(answer)
}

async function targetsOf(id: string, query = '') {
  const { body: answer } = await server.call(`/agents/campaigns/${id}/targets${query}`, { token })
  return CampaignTargetPage.parse(answer).targets
}

describe('a campaign by one request', () => {
  it('starts a task in each repository, and answers with where it stands', async () => {
    const names = repositories(3)
    const campaign = await create(names, { concurrency: 2 })

    expect(campaign).toMatchObject({
      url: `${server.url}/agents/campaigns/${campaign.id}`,
      name: 'Move to Node 24',
      status: 'in_progress',
      concurrency: 2,
      waves: [],
      current_wave: 1,
      counts: { total: 3, queued: 2, pending: 1 },
      usage: { type: 'ai_credits', amount: 0 },
      forecast: { remaining_tasks: 3 },
    })
    const targets = await targetsOf(campaign.id)
    expect(targets.map(({ repository, state }) => [repository.full_name, state])).toEqual([
      [names[0], 'queued'],
      [names[1], 'queued'],
      [names[2], 'pending'],
    ])
    const task = await server.call(`/agents/tasks/${targets[0]?.task_id}`, { token })
    expect(task.body).toMatchObject({ state: 'queued', name: 'Move to Node 24' })
  })

  it('goes on by itself when a task ends, and tells what became of each', async () => {
    const campaign = await create(repositories(2), { concurrency: 1 })
    const [first] = await targetsOf(campaign.id)
    const lease = await leaseTask(server.store, first?.task_id ?? '')
    const error = { message: 'It does not build' }
    await endSession(server.store, lease, { state: 'failed', error })

    const after = await readUntil(
      () => read(campaign.id),
      ({ counts }) => counts.queued === 1,
    )
    expect(after).toMatchObject({ counts: { failed: 1, queued: 1, pending: 0 } })
    expect(await targetsOf(campaign.id, '?state=failed')).toMatchObject([{ error, attempt: 1 }])
  })

  it('gives the pull request its title, labels and reviewers, and tells what was refused', async () => {
    const names = repositories(1)
    const record = server.forge.addRepository(`acme/r${crypto.randomUUID()}`, {
      members: { alice: 'write', grace: 'read', errand: 'write' },
    })
    const targets = [
      {
        repository: record.full_name,
        pull_request: { title: 'Node 24', reviewers: ['grace', 'nobody'] },
      },
      { repository: names[0] },
    ]
    const pull_request = { title: 'Another', labels: ['node24'] }
    const { id } = await create([], { targets, pull_request })
    const lease = await leaseTask(server.store, (await targetsOf(id))[0]?.task_id ?? '')
    const pull = {
      id: 5001,
      number: 1,
      html_url: 'http://forge/1',
      state: 'open' as const,
      title: 'Move',
      body: '',
      draft: true,
      merged: false,
      head: 'errand/move',
      base: 'main',
      author: 'errand',
    }
    record.pulls.push(pull)
    const data = { id: 5001, number: 1, html_url: 'http://forge/1' }
    await recordArtifact(server.store, lease, { provider: 'github', type: 'pull', data })
    await endSession(server.store, lease, { state: 'completed' })

    await readUntil(
      () => targetsOf(id),
      ([first]) => (first?.problems.length ?? 0) > 0,
    )
    expect([record.reviewers, record.labels, pull.title]).toEqual([
      { 1: ['grace'] },
      ['node24'],
      'Node 24',
    ])
    expect((await targetsOf(id))[0]?.problems).toEqual([
      'reviewers nobody: nobody cannot review it',
    ])
    expect((await targetsOf(id))[0]).toMatchObject({ pull: { number: 1, state: 'open' } })
    expect(await read(id)).toMatchObject({ pulls: { open: 1, merged: 0, closed: 0 } })
  })

  it('is the same when its create is sent again with the same key', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const names = repositories(2)
    const first = await server.call('/agents/campaigns', { token, headers, body: body(names) })
    const again = await server.call('/agents/campaigns', { token, headers, body: body(names) })
    const other = await server.call('/agents/campaigns', {
      token,
      headers,
      body: body(names, { name: 'Another' }),
    })

    expect([again.status, again.headers.get('idempotent-replay')]).toEqual([201, 'true'])
    expect(again.body.id).toBe(first.body.id)
    expect(other.status).toBe(422)
  })

  it('is paused, resumed, retried and cancelled by request', async () => {
    const { id } = await create(repositories(3), { concurrency: 1 })
    const act = async (action: string, sent: object = {}) =>
      Campaign.parse(
        (await server.call(`/agents/campaigns/${id}/${action}`, { token, body: sent })).body,
      )

    expect(await act('pause')).toMatchObject({
      status: 'paused',
      paused: { reason: 'user', message: 'Paused by alice.' },
    })
    expect(await act('resume', { concurrency: 2 })).toMatchObject({
      status: 'in_progress',
      counts: { queued: 2 },
    })
    expect(await act('retry')).toMatchObject({ counts: { queued: 2, pending: 1 } })
    expect(await act('cancel')).toMatchObject({
      status: 'cancelled',
      counts: { cancelled: 2, pending: 1 },
    })
  })

  it('POST /agents/campaigns/forecast reckons it before it is begun, and sends nothing', async () => {
    const names = repositories(2)
    const answer = await server.call('/agents/campaigns/forecast', { token, body: body(names) })
    expect(answer.status).toBe(200)
    expect(CampaignForecast.parse(answer.body)).toMatchObject({ remaining_tasks: 2 })
    const tasks = await server.call(`/agents/repos/${names[0]}/tasks`, { token })
    expect(tasks.body.tasks).toEqual([])
  })

  it('is listed to who made it, newest first', async () => {
    const mine = server.forge.addToken('mallory')
    const names = repositories(1, { mallory: 'write' })
    const made = []
    for (const name of ['one', 'two']) {
      const answer = await server.call('/agents/campaigns', {
        token: mine,
        body: body(names, { name }),
      })
      made.unshift(Campaign.parse(answer.body).id)
    }
    const list = await server.call('/agents/campaigns?per_page=1', { token: mine })
    expect(CampaignPage.parse(list.body).campaigns.map(({ id }) => id)).toEqual([made[0]])
    expect(list.headers.get('link')).toContain('rel="next"')
  })
})

describe('a campaign that cannot be sent as a whole', () => {
  it('is refused with the place and the reason of every target that cannot, and nothing is sent', async () => {
    const [good = '', twice = ''] = repositories(2)
    const [readOnly = ''] = repositories(1, { alice: 'read' })
    const answer = await server.call('/agents/campaigns', {
      token,
      body: body([good, 'acme/none', readOnly, twice, twice.toUpperCase()], {}),
    })

    expect(answer.status).toBe(422)
    expect(answer.body.errors).toEqual([
      {
        resource: 'Campaign',
        code: 'custom',
        field: 'targets[1].repository',
        message: 'acme/none: there is none, or you may not see it',
      },
      expect.objectContaining({
        field: 'targets[2].repository',
        message: expect.stringContaining('write access'),
      }),
      expect.objectContaining({
        field: 'targets[4].repository',
        message: `${twice} is targets[3] too`,
      }),
    ])
    const tasks = await server.call(`/agents/repos/${good}/tasks`, { token })
    expect(tasks.body.tasks).toEqual([])
  })

  it.each([
    [{ targets: [] }, 'targets'],
    [{ targets: [{ repository: 'no-owner' }] }, 'targets'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ stop_after_failures: '120%' }, 'stop_after_failures'],
    [{ waves: [0] }, 'waves'],
    [{ max_ai_credits: -1 }, 'max_ai_credits'],
    [{ max_open_pulls: { per_author: 0 } }, 'max_open_pulls'],
  ])('%o is told by its field', async (fields, field) => {
    const answer = await server.call('/agents/campaigns', {
      token,
      body: body(repositories(1), fields),
    })
    expect(answer.status).toBe(422)
    expect(answer.body.errors?.[0]?.field).toMatch(new RegExp(`^${field}`))
  })

  it('names what is wrong with one repository: a branch it has not, a prompt too long', async () => {
    const [name = ''] = repositories(1)
    const answer = await server.call('/agents/campaigns', {
      token,
      body: body([], {
        targets: [{ repository: name, base_ref: 'gone', prompt: 'x'.repeat(70_000) }],
      }),
    })
    expect(answer.status).toBe(422)
    expect(answer.body.errors?.[0]).toMatchObject({ field: 'targets[0].prompt' })
  })

  it('takes a thousand repositories with prompts of their own', async () => {
    const names = repositories(1)
    const targets = Array.from({ length: 1000 }, (_, place) => ({
      repository: place === 0 ? names[0] : `acme/none${place}`,
      prompt: 'p'.repeat(5000),
    }))
    const answer = await server.call('/agents/campaigns', { token, body: body([], { targets }) })
    expect([answer.status, answer.body.errors?.length]).toEqual([422, 999])
  })
})

describe("somebody else's campaign", () => {
  it.each(['', '/targets', '/pause', '/resume', '/cancel', '/retry'])(
    'is not there: %s',
    async (path) => {
      const { id } = await create(repositories(1))
      const other = server.forge.addToken('eve')
      const isRead = path === '' || path === '/targets'
      const answer = await server.call(`/agents/campaigns/${id}${path}`, {
        token: other,
        ...(isRead ? {} : { body: {} }),
      })
      expect(answer.status).toBe(404)
      expect((await read(id)).status).toBe('in_progress')
    },
  )

  it('shows no repository to a creator who may not see it any more', async () => {
    const record = server.forge.addRepository(`acme/r${crypto.randomUUID()}`, {
      members: { alice: 'write' },
      private: true,
    })
    const { id } = await create([record.full_name])
    record.members = {}
    expect(await targetsOf(id)).toEqual([])
  })
})
