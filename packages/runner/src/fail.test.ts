import { readdir } from 'node:fs/promises'

import type { SessionError } from '@errand/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { failures } from './failures.ts'
import { presentFailure } from './fail.ts'
import { eventually } from './testing/eventually.ts'
import type { Step } from './testing/fixture-agent.ts'
import { fixtureSettings, fixtureTask } from './testing/fixture-settings.ts'
import { startTestRunner, type TestRunner, type TestTask } from './testing/start-test-runner.ts'

let test: TestRunner

beforeAll(async () => {
  const settings = fixtureSettings({ sandbox: { output_mb: 2, memory_mb: 300 } })
  test = await startTestRunner({ settings, secrets: { UP_KEY: 'the-key' } })
})
afterAll(() => test?.[Symbol.asyncDispose]())

async function failureOf(task: TestTask): Promise<SessionError | null> {
  const ended = await test.untilEnded(await test.add(task))
  expect(ended.state).toBe('failed')
  return ended.sessions.at(-1)?.error ?? null
}

async function agentFailure(...steps: Step[]): Promise<SessionError | null> {
  return await failureOf(fixtureTask(steps))
}

it('names the base branch that is gone', async () => {
  const error = await failureOf({ prompt: '```sh\ntrue\n```', base_ref: 'no-such' })

  expect(error).toMatchObject(failures.branch_gone)
  expect(error?.message).toContain('no-such')
})

it('names the head branch that is gone', async () => {
  const error = await failureOf({ prompt: '```sh\ntrue\n```', head_ref: 'lost' })

  expect(error?.message).toContain('lost')
})

it('names the repository that is gone', async () => {
  test.forge.refuse = (_, path) =>
    path.startsWith('/repositories/') ? { status: 404, message: 'Not Found' } : undefined
  const error = await failureOf({ prompt: '```sh\ntrue\n```' })
  test.forge.refuse = () => undefined

  expect(error).toMatchObject(failures.repository_not_found)
  expect(error?.message).toContain('acme/sums')
})

it('says that the forge refuses to show the repository, and why', async () => {
  test.forge.refuse = () => ({ status: 403, message: 'Resource protected by SAML enforcement' })
  const error = await failureOf({ prompt: '```sh\ntrue\n```' })
  test.forge.refuse = () => undefined

  expect(error).toMatchObject(failures.forge_refused)
  expect(error?.message).toContain('Resource protected by SAML enforcement (403)')
})

it('says that the forge refuses the token', async () => {
  test.forge.refuse = () => ({ status: 401, message: 'Bad credentials' })
  const error = await failureOf({ prompt: '```sh\ntrue\n```' })
  test.forge.refuse = () => undefined

  expect(error).toMatchObject(failures.credential_refused)
  expect(JSON.stringify(error)).not.toContain(test.forge.token)
})

it('says what git said when the repository cannot be fetched, and never the token', async () => {
  test.forge.refuse = (_, path) =>
    path.includes('.git/') ? { status: 403, message: 'no' } : undefined
  const error = await failureOf({ prompt: '```sh\ntrue\n```' })
  test.forge.refuse = () => undefined

  expect(error).toMatchObject(failures.fetch_failed)
  expect(error?.message).toMatch(/403/)
  const basic = Buffer.from(`x-access-token:${test.forge.token}`).toString('base64')
  expect(JSON.stringify([error, test.log])).not.toMatch(new RegExp(`${test.forge.token}|${basic}`))
})

it('gives the exit code of a script', async () => {
  const error = await failureOf({ prompt: '```sh\necho nope >&2; exit 7\n```' })

  expect(error).toMatchObject(failures.agent_failed)
  expect(error?.message).toMatch(/exit code 7[^]*nope/)
})

it('names the model and the agent that are not configured', async () => {
  const model = await failureOf({ prompt: 'p', model: 'unknown-model', agent: 'coder' })
  const agent = await failureOf({ prompt: 'p', agent: 'unknown-agent' })

  expect(model).toMatchObject(failures.model_unknown)
  expect(model?.message).toContain('unknown-model')
  expect(agent).toMatchObject(failures.agent_unknown)
  expect(agent?.message).toContain('unknown-agent')
})

it('names the agent that is not installed', async () => {
  const error = await failureOf(fixtureTask([], { agent: 'absent' }))

  expect(error).toMatchObject(failures.agent_not_installed)
  expect(error?.message).toContain('/opt/no-such-agent')
})

it('gives exit code and last words of an agent that crashed, without control characters', async () => {
  const stderr = 'line\n'.repeat(50) + '\u001b[31mout of \u0007luck\u001b[0m\n'
  const error = await agentFailure({ exit: 3, stderr })

  expect(error).toMatchObject(failures.agent_crashed)
  expect(error?.message).toMatch(/exit code 3/)
  expect(error?.message.endsWith('out of luck')).toBe(true)
  expect(error?.message.split('\n').length).toBeLessThan(25)
})

it('gives the reason of an agent that says it cannot go on', async () => {
  const own = await agentFailure({ refuse: { message: 'I have lost my way' } })
  const model = await agentFailure({
    refuse: { message: 'The model is overloaded', data: { category: 'model' } },
  })

  expect(own).toMatchObject({ ...failures.agent_failed, message: 'I have lost my way' })
  expect(model).toMatchObject({ ...failures.model_failed, message: 'The model is overloaded' })
})

it('blames the model when the last call of it failed', async () => {
  // Nothing listens at the upstream's address.
  const error = await agentFailure({ call: 'hello' }, { exit: 1 })

  expect(error).toMatchObject(failures.model_failed)
  expect(error?.message).toContain('fixture')
})

it('says that the model refused', async () => {
  expect(await agentFailure({ stop: 'refusal' })).toMatchObject(failures.agent_refused)
})

it('completes with a note when the agent stopped at its limit', async () => {
  const id = await test.add(fixtureTask([{ run: 'echo x > limit.txt' }, { stop: 'max_tokens' }]))
  const task = await test.untilEnded(id)

  expect(task.state).toBe('completed')
  expect(test.forge.pulls.at(-1)?.body).toContain('the work may be unfinished')
})

it.each([
  ['no JSON at all', { write: 'hello\n{"jsonrpc":\n\u0000\n[1,2]\n"x"\nnull\n' }],
  ['messages of no known kind', { write: '{"jsonrpc":"2.0","id":[1],"method":7}\n{"id":9}\n' }],
  ['answers to what was never asked', { write: '{"jsonrpc":"2.0","id":77,"result":{}}\n' }],
  [
    'updates that fit no schema',
    {
      write:
        '{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call","toolCallId":{}}}}\n{"jsonrpc":"2.0","method":"session/update","params":null}\n',
    },
  ],
  ['deep nesting', { write: `${'['.repeat(100_000)}\n` }],
])('does not mind an agent that sends %s', async (_, step) => {
  const id = await test.add(fixtureTask([step, { say: 'still here' }]))
  const task = await test.untilEnded(id)

  expect(task.state).toBe('completed')
  expect(JSON.stringify(await test.events(id))).toContain('still here')
})

it('ends an agent that sends a message without end, as one that prints too much', async () => {
  const error = await agentFailure({ flood: 'x'.repeat(64 * 1024), times: 100_000 })

  expect(error).toMatchObject(failures.out_of_output)
})

it('bounds what it does for an agent that asks without reading the answers', async () => {
  const request = '{"jsonrpc":"2.0","id":1,"method":"fs/read_text_file","params":{}}\n'
  const error = await agentFailure({ flood: request.repeat(100), times: 1_000_000 })

  expect(['Too much output', 'The agent stopped unexpectedly']).toContain(error?.title)
})

it('ends an agent that takes too much memory', async () => {
  // At the limit of a single process it keeps what it has and goes on trying.
  const hog = "node -e 'const a=[]; for(;;) try { a.push(Buffer.alloc(1e7, 1)) } catch {}'"
  const error = await agentFailure({ run: hog }, { hang: true })

  expect(error).toMatchObject(failures.out_of_memory)
})

it('says who is to blame when the push is refused', async () => {
  test.forge.refuse = (_, path) =>
    path.endsWith('/git-receive-pack') ? { status: 403, message: 'protected' } : undefined
  const error = await failureOf({ prompt: '```sh\necho x > y\n```' })
  test.forge.refuse = () => undefined

  expect(error).toMatchObject(failures.push_refused)
  expect(error?.message).toMatch(/refused the push to errand\/.*403/)
})

it('keeps the branch when the pull request is refused', async () => {
  test.forge.refuse = (method, path) =>
    method === 'POST' && path.endsWith('/pulls')
      ? { status: 403, message: 'Not for you' }
      : undefined
  const id = await test.add({ prompt: '```sh\necho x > y\n```' })
  const task = await test.untilEnded(id)
  test.forge.refuse = () => undefined

  expect(task.sessions[0]?.error).toMatchObject(failures.pull_refused)
  expect(task.sessions[0]?.error?.message).toContain('Not for you')
  expect(task.artifacts.map(({ type }) => type)).toEqual(['branch'])
})

it('ends timed_out, with everything in the box, when its time is up', async () => {
  const id = await test.add(fixtureTask([{ run: 'sleep 600' }], { timeout_minutes: 0.1 }))
  const task = await test.untilEnded(id)

  expect(task).toMatchObject({ state: 'timed_out' })
  expect(task.sessions[0]?.error).toMatchObject({ category: 'limit', title: 'Out of time' })
})

it('removes the workspace of every session that ended', async () => {
  await eventually(async () => {
    expect(await readdir(`${test.dataDir}/workspaces`)).toEqual([])
  })
})

it('tells a defect of ours as an internal error, without its text', () => {
  const error = presentFailure(new TypeError('secret detail of /somewhere'))

  expect(error).toMatchObject({ category: 'internal' })
  expect(JSON.stringify(error)).not.toContain('secret')
})

it('knows a full disk by the system error', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })

  expect(presentFailure(full)).toMatchObject(failures.disk_full)
})
