import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getTask } from '@errand/core'
import { type CallAnswer, openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let token: string
const tasks = '/agents/repos/acme/shop/tasks'

beforeAll(async () => {
  server = await openTestServer({
    upstreams: { local: { wire: 'openai', base_url: 'http://127.0.0.1:1/v1' } },
    models: [
      { id: 'small', upstream: 'local' },
      { id: 'large', upstream: 'local', agent: 'codex' },
      { id: 'homeless', upstream: 'gone' },
    ],
    agents: {
      codex: { command: 'codex', apis: { responses: {} } },
      claude: { command: 'claude', apis: { messages: {} } },
    },
    sessions: { timeout_minutes: 30 },
    prompt_limit_bytes: 1000,
  })
  token = server.forge.addToken('alice')
  server.forge.addRepository('acme/shop', {
    members: { alice: 'write' },
    branches: {
      main: {
        '.github/agents/tidy.agent.md': '---\nname: Tidy\nmodel: large\n---\nTidy up.',
        '.github/agents/plain.md': 'No frontmatter',
        '.github/agents/odd.md': '---\nmodel: gpt-9\n---\n',
        '.github/agents/broken.md': '---\n: : [\n---\n',
        '.github/agents/editor.md': '---\ntarget: vscode\n---\n',
        '.github/agents/inner.md': '---\nuser-invocable: false\n---\n',
      },
      'feature/x': {
        '.github/agents/special.md': '---\r\nmodel: large\r\n---\r\n',
        '.github/agents/tidy.agent.md': '---\nmodel: small\n---\n',
      },
    },
  })
  server.forge.addRepository('acme/.github', {
    members: { alice: 'read' },
    branches: {
      main: {
        'agents/shared.agent.md': '---\nmodel: large\n---\n',
        'agents/tidy.agent.md': '---\nmodel: small\n---\n',
      },
    },
  })
})
afterAll(() => server?.[Symbol.asyncDispose]())

function create(body: unknown, headers: Record<string, string> = {}): Promise<CallAnswer> {
  return server.call(tasks, { token, body, headers })
}

/** The task as it can be read, with its session. */
async function created(body: object): Promise<CallAnswer['body']> {
  const answer = await create(body)
  expect(answer.status).toBe(201)
  return (await server.call(`/agents/tasks/${answer.body.id}`, { token })).body
}

describe('a task', () => {
  it('is answered with exactly what GitHub answers', async () => {
    const { status, body } = await create({ prompt: 'Fix the sums\nand more', model: 'script' })

    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
      url: `${server.url}${tasks}/${body.id}`,
      html_url: `${server.url}/acme/shop/copilot/tasks/${body.id}`,
      name: 'Fix the sums',
      creator: { id: expect.any(Number) },
      creator_type: 'user',
      owner: { id: expect.any(Number) },
      repository: { id: 1000 },
      state: 'queued',
      session_count: 1,
      artifacts: [],
      archived_at: null,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: body.created_at,
    })
  })

  it('carries the prefix its request came by', async () => {
    const path = `/api/v3${tasks}`

    const { body } = await server.call(path, { token, body: { prompt: 'p', model: 'script' } })

    expect(body.url).toBe(`${server.url}${path}/${body.id}`)
    expect(body.html_url).toBe(`${server.url}/acme/shop/copilot/tasks/${body.id}`)
  })

  it('begins at the default branch, on the first model, and opens no pull request', async () => {
    const { sessions } = await created({ prompt: 'p' })

    expect(sessions).toMatchObject([{ base_ref: 'main', model: 'small', prompt: 'p' }])
    expect(sessions[0]).not.toHaveProperty('head_ref')
  })

  it('takes branches in both forms and answers the short one', async () => {
    const { sessions } = await created({
      prompt: 'p',
      base_ref: 'refs/heads/main',
      head_ref: 'refs/heads/feature/x',
    })

    expect(sessions).toMatchObject([{ base_ref: 'main', head_ref: 'feature/x' }])
  })

  it('takes the default branch as base of a head without one', async () => {
    const { sessions } = await created({ prompt: 'p', head_ref: 'feature/x' })

    expect(sessions).toMatchObject([{ base_ref: 'main', head_ref: 'feature/x' }])
  })

  it('keeps the prompt verbatim', async () => {
    const prompt = '  \u0007<b>Zähle</b> 1–3 \u{1F600}\r\n\t"${HOME}"  '

    expect((await created({ prompt })).sessions[0]?.prompt).toBe(prompt)
  })

  it('is made of a prompt that no database stores as it is, too', async () => {
    const { sessions } = await created({ prompt: 'before\u0000after \ud800' })

    expect(sessions[0]?.prompt).toMatch(/^before.?after/)
  })

  it('ignores fields it does not know', async () => {
    const body = '{"prompt": "p", "event_content": "x", "compute": {}, "__proto__": {"model": "x"}}'

    const { status } = await create(body)

    expect(status).toBe(201)
  })
})

describe('the model', () => {
  it.each([
    [{}, 'small'],
    [{ model: 'auto' }, 'small'],
    [{ model: 'large' }, 'large'],
    [{ model: 'script' }, 'script'],
    [{ custom_agent: 'tidy' }, 'large'],
    [{ custom_agent: 'tidy', model: 'auto' }, 'large'],
    [{ custom_agent: 'tidy', model: 'small' }, 'small'],
    [{ custom_agent: 'plain' }, 'small'],
    [{ custom_agent: 'tidy', head_ref: 'feature/x' }, 'large'],
    [{ custom_agent: 'shared' }, 'large'],
  ])(
    'of %j is %s',
    async (fields: { custom_agent?: string; model?: string; head_ref?: string }, model) => {
      const task = await created({ prompt: 'p', ...fields })

      expect(task.sessions[0]?.model).toBe(model)
      expect(task.custom_agent?.id).toBe(fields.custom_agent)
    },
  )

  it.each([
    [{ agent: 'coder' }, 'small', 'coder'],
    [{ agent: 'codex', model: 'small' }, 'small', 'codex'],
    [{ agent: 'coder', model: 'large' }, 'large', 'coder'],
    [{ agent: 'script' }, 'script', 'script'],
    [{ model: 'large' }, 'large', 'codex'],
  ])('and the agent of %j are %s and %s', async (fields: object, model, agent) => {
    const { id } = await created({ prompt: 'p', ...fields })

    expect((await getTask(server.store, id))?.sessions[0]).toMatchObject({ model, agent })
  })

  it.each([
    [{ agent: 'codx' }, "agent 'codx' is not known; these are: coder, script, codex, claude"],
    [{ agent: 'claude' }, "agent 'claude' can work with none of the models: small, large, script"],
    [
      { agent: 'claude', model: 'small' },
      "agent 'claude' cannot work with model 'small'; those it can work with are: none",
    ],
    [
      { agent: 'codex', model: 'script' },
      "agent 'codex' cannot work with model 'script'; those it can work with are: small, large",
    ],
    [
      { agent: 'script', model: 'small' },
      "agent 'script' cannot work with model 'small'; those it can work with are: script",
    ],
  ])('and the agent of %j are refused', async (fields, message) => {
    const { status, body } = await create({ prompt: 'p', ...fields })

    expect(status).toBe(422)
    expect(body.errors?.[0]).toMatchObject({ field: 'agent', message })
  })

  it('that only the custom agent knows is refused with what to do', async () => {
    const { body } = await create({ prompt: 'p', custom_agent: 'odd' })

    expect(body.errors?.[0]?.message).toBe(
      "model 'gpt-9' is not supported (the custom agent names it; send `model` to choose another); these are: small, large, script",
    )
  })

  it.each([
    ['broken', /front matter cannot be read.*\(\.github\/agents\/broken\.md on main\)/],
    ['editor', /VS Code only/],
    ['inner', /not for users/],
  ])('of the custom agent %s, no task is given to it: 422 says why', async (name, message) => {
    const { status, body } = await create({ prompt: 'p', custom_agent: name })

    expect(status).toBe(422)
    expect(body.errors).toMatchObject([
      { field: 'custom_agent', message: expect.stringMatching(message) },
    ])
  })

  it('a custom agent that only the branch to be worked on has is unknown', async () => {
    const { status, body } = await create({
      prompt: 'p',
      custom_agent: 'special',
      head_ref: 'feature/x',
    })

    expect(status).toBe(422)
    expect(body.errors).toMatchObject([
      { field: 'custom_agent', message: expect.stringContaining('on main') },
    ])
  })

  it('auto without any model is refused with how to configure one', async () => {
    await using bare = await openTestServer({}, { store: server.store })
    const bob = bare.forge.addToken('bob')
    bare.forge.addRepository('acme/shop', { members: { bob: 'admin' } })

    const answers = [
      await bare.call(tasks, { token: bob, body: { prompt: 'p' } }),
      await bare.call(tasks, { token: bob, body: { prompt: 'p', model: 'auto' } }),
      await bare.call(tasks, { token: bob, body: { prompt: 'p', model: 'script' } }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([422, 422, 201])
    expect(answers[0]?.body.errors).toMatchObject([{ field: 'model', code: 'custom' }])
    expect(answers[0]?.body.errors?.[0]?.message).toMatch(
      /not supported: no model is configured\. Set ANTHROPIC_API_KEY.*model 'script'.*needs none$/,
    )
  })
})

describe('what is refused', () => {
  it.each([
    ['{"prompt":', 400, 'Problems parsing JSON', undefined],
    ['["a"]', 400, 'Body should be a JSON object', undefined],
    ['"a"', 400, 'Body should be a JSON object', undefined],
    ['null', 400, 'Body should be a JSON object', undefined],
    ['', 422, 'Validation Failed', ['prompt', 'missing_field']],
    ['{}', 422, 'Validation Failed', ['prompt', 'missing_field']],
    [{ prompt: 1 }, 422, 'Invalid request', ['prompt', 'invalid']],
    [{ prompt: null }, 422, 'Invalid request', ['prompt', 'invalid']],
    [
      { prompt: 'p', create_pull_request: 'yes' },
      422,
      'Invalid request',
      ['create_pull_request', 'invalid'],
    ],
    [{ prompt: 'p', model: 7 }, 422, 'Invalid request', ['model', 'invalid']],
    [{ prompt: ' \n' }, 422, 'Validation Failed', ['prompt', 'custom']],
    [{ prompt: 'é'.repeat(501) }, 422, 'Validation Failed', ['prompt', 'custom']],
    [{ prompt: 'p', model: 'gpt-9' }, 422, 'Validation Failed', ['model', 'custom']],
    [{ prompt: 'p', model: 'homeless' }, 422, 'Validation Failed', ['model', 'custom']],
    [{ prompt: 'p', base_ref: 'gone' }, 422, 'Validation Failed', ['base_ref', 'custom']],
    [{ prompt: 'p', base_ref: '' }, 422, 'Validation Failed', ['base_ref', 'custom']],
    [{ prompt: 'p', base_ref: '../..' }, 422, 'Validation Failed', ['base_ref', 'custom']],
    [{ prompt: 'p', head_ref: 'gone' }, 422, 'Validation Failed', ['head_ref', 'custom']],
    [
      { prompt: 'p', head_ref: '--upload-pack=x' },
      422,
      'Validation Failed',
      ['head_ref', 'custom'],
    ],
    [{ prompt: 'p', head_ref: 'main' }, 422, 'Validation Failed', ['head_ref', 'custom']],
    [{ prompt: 'p', custom_agent: 'gone' }, 422, 'Validation Failed', ['custom_agent', 'custom']],
    [
      { prompt: 'p', custom_agent: '../../secret' },
      422,
      'Validation Failed',
      ['custom_agent', 'custom'],
    ],
    [{ prompt: 'p', timeout_minutes: 31 }, 422, 'Validation Failed', ['timeout_minutes', 'custom']],
    [{ prompt: 'p', timeout_minutes: 0 }, 422, 'Validation Failed', ['timeout_minutes', 'custom']],
    [{ prompt: 'p', priority: 101 }, 422, 'Validation Failed', ['priority', 'custom']],
  ])('%j with %i %s', async (body, status, message, error) => {
    const answer = await create(body)

    expect(answer).toMatchObject({ status, body: { message, status: String(status) } })
    expect(answer.body.documentation_url).toMatch(/^https:\/\/docs\.github\.com\/rest/)
    expect(answer.body.errors?.map(({ field, code }) => [field, code])).toEqual(error && [error])
  })

  it('names every field that is wrong', async () => {
    const { body } = await create({ prompt: 1, model: 2 })

    expect(body.errors?.map(({ field }) => field)).toEqual(['prompt', 'model'])
  })

  it('a body larger than any prompt, as 413 in the same shape', async () => {
    const answer = await create({ prompt: 'x'.repeat(2 * 1024 * 1024) })

    expect(answer).toMatchObject({
      status: 413,
      body: { message: 'Payload Too Large', status: '413' },
    })
  })

  it('a repository without a commit, or that is archived', async () => {
    server.forge.addRepository('acme/empty', { members: { alice: 'write' }, branches: {} })
    server.forge.addRepository('acme/old', { members: { alice: 'write' }, archived: true })

    const empty = await server.call('/agents/repos/acme/empty/tasks', {
      token,
      body: { prompt: 'p' },
    })
    const old = await server.call('/agents/repos/acme/old/tasks', { token, body: { prompt: 'p' } })

    expect([empty.status, old.status]).toEqual([422, 422])
    expect(empty.body.errors?.[0]?.message).toContain('push a first commit')
    expect(old.body.errors?.[0]?.message).toContain('archived')
  })
})

describe('Idempotency-Key', () => {
  it('answers the task as it is now, and tells', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const first = await create({ prompt: 'once', model: 'script' }, headers)
    await server.call(`/agents/tasks/${first.body.id}/cancel`, { token, method: 'POST' })

    const again = await create('{"model":"script", "prompt":"once"}', headers)

    expect(first.headers.get('idempotent-replay')).toBeNull()
    expect(again).toMatchObject({ status: 201, body: { id: first.body.id, state: 'cancelled' } })
    expect(again.headers.get('idempotent-replay')).toBe('true')
  })

  it('is refused with another body, naming the header', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    await create({ prompt: 'once' }, headers)

    const other = await create({ prompt: 'twice' }, headers)

    expect(other.status).toBe(422)
    expect(other.body.errors).toMatchObject([{ field: 'Idempotency-Key' }])
  })

  it.each(['', 'x'.repeat(256), 'é'])('is refused when it is %j', async (key) => {
    const { status, body } = await create({ prompt: 'p' }, { 'idempotency-key': key })

    expect([status, body.errors?.[0]?.field]).toEqual([422, 'Idempotency-Key'])
  })
})
