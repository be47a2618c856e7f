import { Settings } from '@errand/contract'
import { randomUUID } from 'node:crypto'
import { countRequest, endSession, noTokens, recordArtifact, reserveRequest } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { leaseTask } from '../../testing/lease-task.ts'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let token: string
const tasks = '/agents/repos/acme/shop/tasks'

beforeAll(async () => {
  server = await openTestServer()
  token = server.forge.addToken('alice')
  server.forge.addRepository('acme/shop', { members: { alice: 'write' } })
  server.forge.addRepository('acme/other', { members: { alice: 'write' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

async function create(prompt = 'Fix it'): Promise<string> {
  const { body } = await server.call(tasks, { token, body: { prompt, model: 'script' } })
  return body.id
}

it.each(['%00', 'a%00', '%00%00'])(
  'finds nothing of the name %s, and does not fail',
  async (name) => {
    const one = await server.call(`/agents/repos/acme/${name}/tasks`, { token })
    const other = await server.call(`/agents/tasks/${name}`, { token })
    const query = await server.call(`/agents/tasks?since=${name}`, { token })

    expect([one.status, other.status, query.status]).toEqual([404, 404, 422])
    expect(query.body.errors).toMatchObject([{ field: 'since' }])
  },
)

it('answers the same by id as by repository and id, with sessions', async () => {
  const id = await create()

  const byId = await server.call(`/agents/tasks/${id}`, { token })
  const byRepository = await server.call(`${tasks}/${id}`, { token })
  const inCapitals = await server.call(`/agents/repos/ACME/Shop/tasks/${id.toUpperCase()}`, {
    token,
  })

  expect(byId.status).toBe(200)
  expect(byId.body.sessions).toEqual([
    {
      id: expect.any(String),
      name: 'Fix it',
      user: byId.body.creator,
      owner: byId.body.owner,
      repository: byId.body.repository,
      task_id: id,
      state: 'queued',
      created_at: byId.body.created_at,
      updated_at: byId.body.updated_at,
      prompt: 'Fix it',
      base_ref: 'main',
      model: 'script',
      agent: 'script',
      usage: { type: 'ai_credits', amount: 0 },
    },
  ])
  expect(byRepository.body).toEqual(byId.body)
  expect(inCapitals.body).toEqual(byId.body)
})

it('shows what a failed session left: its error whole, and its end', async () => {
  const id = await create()
  const leased = await leaseTask(server.store, id)
  const error = {
    message: 'The model did not answer.',
    category: 'model' as const,
    title: 'Model unavailable',
    remedy: 'Try again later.',
    retryable: true,
  }
  await endSession(server.store, leased, { state: 'failed', error })

  const { body } = await server.call(`/agents/tasks/${id}`, { token })

  expect(body.state).toBe('failed')
  expect(body.sessions).toMatchObject([{ state: 'failed', error, completed_at: /Z$/ }])
})

it('shows branch and pull request, each with what different clients look for', async () => {
  const id = await create()
  const leased = await leaseTask(server.store, id)
  const branch = { head_ref: 'errand/fix-it', base_ref: 'main' }
  const pull = { id: 5001, number: 1, html_url: 'http://forge/acme/shop/pull/1' }
  await recordArtifact(server.store, leased, { provider: 'github', type: 'branch', data: branch })
  await recordArtifact(server.store, leased, { provider: 'github', type: 'pull', data: pull })
  const request = { id: randomUUID(), model: 'script', most_nano: 20_000_000 }
  await reserveRequest(server.store, leased, request, Settings.parse({}))
  const count = { tokens: noTokens, nano: 12_500_000 }
  await countRequest(server.store, request.id, count, { isFinal: true })
  await endSession(server.store, leased, { state: 'completed' })

  const { body } = await server.call(`/agents/tasks/${id}`, { token })

  expect(body).toMatchObject({ state: 'completed', artifacts: [{ data: branch }, { data: pull }] })
  expect(body.sessions[0]?.usage).toEqual({ type: 'ai_credits', amount: 12_500_000 })
  expect(body.sessions[0]).not.toHaveProperty('error')
})

it('orders sessions oldest first, with each prompt as it was sent', async () => {
  const id = await create('first')
  await server.call(`/agents/tasks/${id}/cancel`, { token, method: 'POST' })
  await server.call(`/agents/tasks/${id}/steer`, { token, body: { content: ' second\n' } })

  const { body } = await server.call(`/agents/tasks/${id}`, { token })

  expect(body).toMatchObject({ state: 'queued', session_count: 2 })
  expect(body.sessions.map(({ prompt, state }) => [prompt, state])).toEqual([
    ['first', 'cancelled'],
    [' second\n', 'queued'],
  ])
})

it('does not find a task of another repository', async () => {
  const id = await create()

  expect((await server.call(`/agents/repos/acme/other/tasks/${id}`, { token })).status).toBe(404)
})
