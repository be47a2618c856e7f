import { askUser, endSession, recordArtifact } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseTask } from '../../testing/lease-task.ts'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

// Steer, cancel, archive, pulls, diff and models: behaviour.md 1.6.

let server: TestServer
let token: string

beforeAll(async () => {
  server = await openTestServer({
    upstreams: { local: { wire: 'openai', base_url: 'http://127.0.0.1:1/v1' } },
    models: [{ id: 'small', upstream: 'local', price: { input: 0.5, output: 2 } }],
    prompt_limit_bytes: 100,
  })
  token = server.forge.addToken('alice')
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** A task in a repository of its own. */
async function newTask() {
  const name = `acme/r${crypto.randomUUID()}`
  const repository = server.forge.addRepository(name, { members: { alice: 'write' } })
  const body = { prompt: 'Fix it', model: 'script' }
  const { id } = (await server.call(`/agents/repos/${name}/tasks`, { token, body })).body
  return { id, repository }
}

function act(id: string, action: string, body: unknown = {}) {
  return server.call(`/agents/tasks/${id}/${action}`, { token, body })
}

async function read(id: string) {
  return (await server.call(`/agents/tasks/${id}`, { token })).body
}

/** A task that has pushed a branch with one file. */
async function taskWithBranch() {
  const { id, repository } = await newTask()
  const lease = await leaseTask(server.store, id)
  const data = { head_ref: 'errand/fix-it', base_ref: 'main' }
  repository.branches[data.head_ref] = { 'README.md': 'fixed' }
  await recordArtifact(server.store, lease, { provider: 'github', type: 'branch', data })
  await endSession(server.store, lease, { state: 'completed' })
  return { id, repository }
}

describe('steer', () => {
  it('queues a message for a task that is busy', async () => {
    const { id } = await newTask()

    const { status, body } = await act(id, 'steer', { content: 'Also the tests' })

    expect(status).toBe(202)
    expect(body).toEqual({ task_id: id, message_id: expect.any(String), outcome: 'queued' })
  })

  it.each(['user_message', 'ask_user_response', 'elicitation_response'])(
    'answers the question of a waiting task with %s',
    async (type) => {
      const { id } = await newTask()
      await askUser(server.store, await leaseTask(server.store, id), { message: 'Red or blue?' })
      const waiting = await read(id)

      const { status, body } = await act(id, 'steer', { type, content: 'Blue' })

      expect(waiting.state).toBe('waiting_for_user')
      expect([status, body.outcome]).toEqual([202, 'answered'])
    },
  )

  it('starts another session of a task that has ended, on the model asked for', async () => {
    const { id } = await newTask()
    await act(id, 'cancel')

    const { body } = await act(id, 'steer', { content: 'Again', model: 'small' })

    expect(body.outcome).toBe('new_session')
    expect((await read(id)).sessions.map(({ model }) => model)).toEqual(['script', 'small'])
  })

  it('says why that session has its model, where `auto` chose it', async () => {
    const { id } = await newTask()
    await act(id, 'cancel')

    await act(id, 'steer', { content: 'Again', model: 'auto' })

    const { events } = (await server.call(`/agents/tasks/${id}/events`, { token })).body
    expect(events.filter(({ type }) => type === 'session.created')).toMatchObject([
      { data: { model: 'script' } },
      { data: { model: 'small', model_reason: /^auto: the first model/ } },
    ])
  })

  it.each([
    [{ agent: 'script' }, ['script', 'script']],
    [{ agent: 'coder' }, ['small', 'coder']],
    [{ model: 'small', agent: 'coder' }, ['small', 'coder']],
  ])('starts that session with the agent asked for: %j', async (asked, begun) => {
    const { id } = await newTask()
    await act(id, 'cancel')

    const { body } = await act(id, 'steer', { content: 'Again', ...asked })

    expect(body.outcome).toBe('new_session')
    const { sessions } = await read(id)
    expect(sessions.map(({ model, agent }) => [model, agent])).toEqual([
      ['script', 'script'],
      begun,
    ])
  })

  it('is heard by the agent at work, and refuses to put another in its place', async () => {
    const { id } = await newTask()

    expect((await act(id, 'steer', { content: 'x', agent: 'script' })).body.outcome).toBe('queued')
    const refused = await act(id, 'steer', { content: 'x', agent: 'coder' })

    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [
        expect.objectContaining({
          field: 'agent',
          message: expect.stringMatching(
            /^agent 'coder' cannot take over: agent 'script' is at work/,
          ),
        }),
      ],
    ])
    expect((await read(id)).sessions).toHaveLength(1)
  })

  it('aborts without content, once', async () => {
    const { id } = await newTask()

    const outcomes = [
      await act(id, 'steer', { type: 'abort' }),
      await act(id, 'steer', { type: 'abort' }),
    ]

    expect(outcomes.map(({ body }) => body.outcome)).toEqual(['aborted', 'already_ended'])
    expect((await read(id)).state).toBe('cancelled')
  })

  it.each([
    [{}, 'content'],
    [{ content: ' ' }, 'content'],
    [{ content: 'x'.repeat(101) }, 'content'],
    [{ content: 7 }, 'content'],
    [{ type: 'mode_switch', content: 'x' }, 'type'],
    [{ content: 'x', model: 'gpt-9' }, 'model'],
    [{ content: 'x', agent: 'nobody' }, 'agent'],
    [{ content: 'x', model: 'script', agent: 'coder' }, 'agent'],
  ])('refuses %j with 422 that names %s', async (body, field) => {
    const { id } = await newTask()

    const answer = await act(id, 'steer', body)

    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([422, field])
  })
})

it('cancel ends a task, and again changes nothing', async () => {
  const { id } = await newTask()

  const first = await act(id, 'cancel')
  const again = await act(id, 'cancel')

  expect(first).toMatchObject({ status: 200, body: { id, state: 'cancelled' } })
  expect(first.body).not.toHaveProperty('sessions')
  expect(again.body).toEqual(first.body)
})

it('archive takes away a task that has ended, and unarchive brings it back', async () => {
  const { id } = await newTask()

  const early = await act(id, 'archive')
  await act(id, 'cancel')
  const archived = await act(id, 'archive')
  const back = await act(id, 'unarchive')

  expect(early).toMatchObject({ status: 422, body: { errors: [{ field: 'state' }] } })
  expect(archived).toMatchObject({ status: 200, body: { archived_at: expect.any(String) } })
  expect(back).toMatchObject({ status: 200, body: { archived_at: null } })
})

describe('pulls', () => {
  it('opens the pull request of a branch that has none, and answers it again', async () => {
    const { id, repository } = await taskWithBranch()

    const first = await act(id, 'pulls', { title: 'A title', draft: false })
    const again = await act(id, 'pulls')

    expect(first.status).toBe(201)
    expect(first.body).toEqual({
      id: 5001,
      number: 1,
      repository_id: repository.id,
      html_url: `http://forge/${repository.full_name}/pull/1`,
    })
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect(repository.pulls).toMatchObject([{ title: 'A title', draft: false, base: 'main' }])
    expect((await read(id)).artifacts).toMatchObject([
      { type: 'branch' },
      { type: 'pull', data: { id: 5001, number: 1 } },
    ])
  })

  it('makes a draft with the name of the task and a link to it, unless told otherwise', async () => {
    const { id, repository } = await taskWithBranch()

    await act(id, 'pulls')

    const page = `${server.url}/${repository.full_name}/copilot/tasks/${id}`
    expect(repository.pulls).toMatchObject([
      { title: 'Fix it', draft: true, body: `Made by [a task](${page}) of alice.` },
    ])
  })

  it('finds the one that is open already, as after an answer that was lost', async () => {
    const { id, repository } = await taskWithBranch()
    const caller = await server.forge.authenticate(token)
    const access = caller && (await server.forge.repositoryById(caller, repository.id))
    if (caller === undefined || access === undefined) throw new Error('alice sees her repository')
    const pull = { title: 't', body: '', head: 'errand/fix-it', base: 'main', draft: true }
    const open = await server.forge.openPull(caller, access, pull)

    const { body } = await act(id, 'pulls')

    expect(body.id).toBe(open.id)
    expect(repository.pulls).toHaveLength(1)
  })

  it('is refused without a branch, and when it is gone', async () => {
    const { id: without } = await newTask()
    const { id: gone, repository } = await taskWithBranch()
    delete repository.branches['errand/fix-it']

    const answers = [await act(without, 'pulls'), await act(gone, 'pulls')]

    expect(answers.map(({ status }) => status)).toEqual([422, 422])
    expect(answers.map(({ body }) => body.errors?.[0]?.message)).toEqual([
      'the task has pushed no branch yet; a pull request needs one',
      "the branch of the task, 'errand/fix-it', is gone",
    ])
  })
})

describe('diff', () => {
  it('is text, of what the branch has and its base has not', async () => {
    const { id } = await taskWithBranch()

    const { status, headers, text } = await server.call(`/agents/tasks/${id}/diff`, { token })

    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(text).toBe('diff --git a/README.md b/README.md\n+fixed\n')
  })

  it('is empty while there is no branch, and when it is gone', async () => {
    const { id: without } = await newTask()
    const { id: gone, repository } = await taskWithBranch()
    delete repository.branches['errand/fix-it']

    const texts = []
    for (const id of [without, gone]) {
      texts.push((await server.call(`/agents/tasks/${id}/diff`, { token })).text)
    }

    expect(texts).toEqual(['', ''])
  })
})

it('models are those a task may name, with the one of auto', async () => {
  const { text } = await server.call('/agents/models', { token })
  const price = { input: 0.5, cached_input: 0.5, cache_write: 0.5 }
  const free = { input: 0, cached_input: 0, cache_write: 0 }

  expect(JSON.parse(text)).toEqual({
    models: [
      {
        id: 'small',
        aliases: [],
        agent: 'coder',
        is_default: true,
        multiplier: 0.13,
        price: { ...price, output: 2 },
        available: true,
        context_window: 128_000,
      },
      {
        id: 'script',
        aliases: [],
        agent: 'script',
        is_default: false,
        multiplier: 0,
        price: { ...free, output: 0 },
        available: true,
      },
    ],
  })
})

it('models come in pages, each with a link to the next', async () => {
  const pages = []
  for (const page of [1, 2]) {
    const answer = await server.call(`/agents/models?per_page=1&page=${page}`, { token })
    const links = answer.headers.get('link') ?? ''
    pages.push([answer.text, [...links.matchAll(/rel="(\w+)"/g)].map(([, rel]) => rel)])
  }

  expect(pages).toEqual([
    [expect.stringContaining('"small"'), ['next', 'first']],
    [expect.stringContaining('"script"'), ['prev', 'last', 'first']],
  ])
})
