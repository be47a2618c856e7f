import { Campaign, CampaignTargetPage, ErrandError } from '@errand/contract'
import { endSession, recordArtifact, setAgentPermissions } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseTask } from '../testing/lease-task.ts'
import { openTestServer, type TestServer } from '../testing/open-test-server.ts'
import { readUntil } from '../testing/read-until.ts'
import type { TestForge } from '../testing/test-forge.ts'

let server: TestServer
let token: string
let refused = new Set<string>()

beforeAll(async () => {
  const isRefused = (name: string) => refused.has(name)
  server = await openTestServer({}, { refusalOf: (name) => (isRefused(name) ? 'No.' : undefined) })
  token = server.forge.addToken('alice')
})
afterAll(() => server?.[Symbol.asyncDispose]())

type Repository = ReturnType<TestForge['addRepository']>

/** Each of an owner of its own, so that what is said of one is said of no other. */
function repositories(count: number): Repository[] {
  return Array.from({ length: count }, () =>
    server.forge.addRepository(`o${crypto.randomUUID()}/app`, { members: { alice: 'write' } }),
  )
}

async function post(path: string, body: object = {}): Promise<Campaign> {
  const answer = await server.call(`/agents/campaigns${path}`, { token, body })
  expect([path, answer.status]).toEqual([path, path === '' ? 201 : 200])
  return Campaign.parse(answer.body)
}

async function create(of: Repository[], fields: object = {}): Promise<string> {
  const targets = of.map(({ full_name: repository }) => ({ repository }))
  const name = crypto.randomUUID()
  return (await post('', { name, prompt: 'p', model: 'script', targets, ...fields })).id
}

async function targetsOf(id: string) {
  const { body } = await server.call(`/agents/campaigns/${id}/targets`, { token })
  return CampaignTargetPage.parse(body).targets
}

async function targetOf(id: string, { full_name: name }: Repository) {
  return (await targetsOf(id)).find(({ repository }) => repository.full_name === name)
}

async function read(id: string) {
  return Campaign.parse((await server.call(`/agents/campaigns/${id}`, { token })).body)
}

/** Ends the task of a campaign's repository. */
async function end(
  id: string,
  of: Repository,
  state: 'completed' | 'failed' = 'completed',
  pull?: number,
) {
  const target = await readUntil(
    () => targetOf(id, of),
    (seen) => seen?.task_id !== undefined && seen.task_id !== null,
  )
  const lease = await leaseTask(server.store, target?.task_id ?? '')
  if (pull !== undefined) {
    const data = { id: 5000 + pull, number: pull }
    await recordArtifact(server.store, lease, { provider: 'github', type: 'pull', data })
  }
  const error = { message: 'no' }
  await endSession(server.store, lease, state === 'failed' ? { state, error } : { state })
}

function refusedFor(message: RegExp): unknown {
  return expect.objectContaining({
    state: 'failed',
    attempt: 0,
    error: { message: expect.stringMatching(message) as string },
  })
}

/** What takes a right away, and what the repository's owner is then told. */
const changes: [string, (repository: Repository) => Promise<void> | void, unknown][] = [
  ['write access', (of) => void (of.members = { alice: 'read' }), refusedFor(/need write access/)],
  [
    'the repository itself',
    (of) => void Object.assign(of, { private: true, members: {} }),
    undefined,
  ],
  ['an archived one', (of) => void (of.archived = true), refusedFor(/is archived/)],
  [
    'agents, by the organization',
    async ({ id, full_name: name }) => {
      const caller = await server.forge.authenticate(token)
      const found = caller && (await server.forge.repositoryById(caller, id))
      const actor = { id: 1, login: 'alice' }
      const owner = found?.owner ?? { id: 0, login: name }
      await setAgentPermissions(server.store, owner, actor, 'none')
    },
    refusedFor(/Agents are not enabled/),
  ],
  [
    'agents, by an enforced policy',
    (of) => void refused.add(of.full_name),
    refusedFor(/^Not sent: No\. See/),
  ],
]

describe('what was admitted when a campaign was made, and is not any more', () => {
  it.each(changes)(
    '%s: is not sent in a later wave, and the campaign goes on without it',
    async (_what, take, expected) => {
      const three = repositories(3)
      const id = await create(three, { concurrency: 1, waves: [1] })
      await take(three[1]!)
      await end(id, three[0]!)

      const sent = await readUntil(
        () => read(id),
        ({ counts }) => counts.queued === 1,
      )
      expect(sent.counts).toMatchObject({ completed: 1, failed: 1, queued: 1 })
      const second = await targetOf(id, three[1]!)
      // Who may see it no more is not told of it either.
      expect(second).toEqual(expected)
      await end(id, three[2]!)
      const after = await readUntil(
        () => read(id),
        ({ status }) => status !== 'in_progress',
      )
      expect(after.status).toBe('partial_failed')
    },
  )

  it('counts as a failure to the rule that stops, and is sent by a retry when it may be again', async () => {
    const three = repositories(3)
    const id = await create(three, { concurrency: 1, stop_after_failures: 1 })
    three[1]!.members = {}
    await end(id, three[0]!)
    const paused = await readUntil(
      () => read(id),
      ({ status }) => status === 'paused',
    )
    expect(paused).toMatchObject({ paused: { reason: 'failures' }, counts: { pending: 1 } })

    await post(`/${id}/resume`)
    await end(id, three[2]!)
    // A retry asks as well.
    expect((await post(`/${id}/retry`)).counts).toMatchObject({ completed: 2, failed: 1 })
    three[1]!.members = { alice: 'write' }
    expect((await post(`/${id}/retry`)).counts).toMatchObject({ completed: 2, queued: 1 })
    expect((await targetsOf(id))[1]).toMatchObject({ attempt: 1, state: 'queued' })
  })

  it('is asked of the forge until it answers: what it cannot say now is no refusal', async () => {
    const two = repositories(2)
    const id = await create(two, { concurrency: 1 })
    const original = { ...server.forge }
    let asked = 0
    server.forge.repositoryById = async (caller, repositoryId, options) => {
      if (repositoryId === two[1]!.id && options?.asksAnew === true) {
        asked += 1
        if (asked === 1) throw new ErrandError('bad_upstream', { message: 'The forge is away' })
      }
      return await original.repositoryById(caller, repositoryId, options)
    }

    await end(id, two[0]!)
    const seen = await readUntil(
      () => targetsOf(id),
      ([, second]) => second?.state === 'queued',
    )
    Object.assign(server.forge, original)

    expect([seen[1]?.state, asked]).toEqual(['queued', 2])
  })

  it('keeps nobody waiting who takes the campaign up: what is left is sent later', async () => {
    const two = repositories(2)
    const id = await create(two, { concurrency: 1 })
    await post(`/${id}/pause`)
    await end(id, two[0]!)
    const original = { ...server.forge }
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>()
    server.forge.repositoryById = async (caller, repositoryId, options) => {
      if (repositoryId === two[1]!.id) await isAnswered
      return await original.repositoryById(caller, repositoryId, options)
    }

    const resumed = await post(`/${id}/resume`)
    answer()
    const seen = await readUntil(
      () => targetsOf(id),
      ([, second]) => second?.state === 'queued',
    )
    Object.assign(server.forge, original)

    expect([resumed.paused, seen[1]?.state]).toEqual([undefined, 'queued'])
  })
})

describe('a repository where the same campaign is at work already', () => {
  it('is skipped while a task of the other run is open there, which is no failure', async () => {
    const two = repositories(2)
    const name = crypto.randomUUID()
    await create(two.slice(0, 1), { name })

    const id = await create(two, { name: name.toUpperCase() })

    const [first, second] = await targetsOf(id)
    expect(first).toMatchObject({ state: 'skipped', attempt: 0 })
    expect(first?.error?.message).toMatch(/^A task of this campaign is open already: /)
    expect(second).toMatchObject({ state: 'queued' })
    await end(id, two[1]!)
    const over = await readUntil(
      () => read(id),
      ({ status }) => status !== 'in_progress',
    )
    expect(over).toMatchObject({ status: 'completed', counts: { skipped: 1, completed: 1 } })
  })

  it('is skipped while its pull request is open there, and sent by a retry when that is closed', async () => {
    const [repository] = repositories(1)
    const name = crypto.randomUUID()
    const earlier = await create([repository!], { name })
    await end(earlier, repository!, 'completed', 1)
    const caller = (await server.forge.authenticate(token))!
    const access = (await server.forge.repositoryById(caller, repository!.id))!
    const fields = { title: 't', body: '', head: 'h', base: 'main', draft: true }
    const pull = await server.forge.openPull(caller, access, fields)

    const id = await create([repository!], { name })
    expect((await targetsOf(id))[0]).toMatchObject({
      state: 'skipped',
      error: { message: `A pull request of this campaign is open already: ${pull.html_url}` },
    })

    pull.state = 'closed'
    expect((await post(`/${id}/retry`)).counts).toMatchObject({ queued: 1, skipped: 0 })
  })

  it('is skipped when `errand fanout` sent it from a machine, by the mark on its prompt', async () => {
    const [repository] = repositories(1)
    const name = crypto.randomUUID()
    const prompt = `p\n\n<!-- errand-campaign: ${name} ${crypto.randomUUID()} 1 -->\n`
    const body = { prompt, model: 'script' }
    await server.call(`/agents/repos/${repository!.full_name}/tasks`, { token, body })

    const id = await create([repository!], { name })
    expect((await read(id)).counts).toMatchObject({ skipped: 1, total: 1 })
  })

  it('is sent again by a retry of its own, whatever pull request the failed task left', async () => {
    const [repository] = repositories(1)
    const id = await create([repository!])
    await end(id, repository!, 'failed', 1)
    expect((await post(`/${id}/retry`)).counts).toMatchObject({ queued: 1 })
  })
})
