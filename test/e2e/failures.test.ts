import type { SessionError } from '@errand/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts'
import { listBranches } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { createTask, type NewTask, scriptPrompt, untilEvent, untilState } from '../support/tasks.ts'

let model: ScriptedModel
let errand: Errand

beforeAll(async () => {
  model = await startScriptedModel(() => ({ fail: 401, message: 'invalid api key' }))
  errand = await startErrand({
    model,
    settings: {
      agents: {
        absent: { command: '/opt/no-such-agent' },
        crashing: { command: '/bin/sh', args: ['-c', 'echo "dying of a broken pipe" >&2; exit 3'] },
        silent: { command: '/bin/sh', args: ['-c', 'exit 0'] },
      },
      ...modelsFor('absent', 'crashing', 'silent'),
    },
  })
  await errand.addRepository('acme/sums')
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

function modelsFor(...agents: string[]): object {
  const upstreams = { scripted: { wire: 'anthropic', base_url: `${model.url}/v1` } }
  const names = ['coder', ...agents]
  return { upstreams, models: names.map((agent) => ({ id: agent, upstream: 'scripted', agent })) }
}

async function failTask(body: NewTask): Promise<SessionError | undefined> {
  const { id } = await createTask(errand.client, 'acme/sums', body)
  const task = await untilState(errand.client, id, 'failed')
  return task.sessions.at(-1)?.error
}

it('ends failed when the base branch is gone by the time it runs', async () => {
  await using waiting = await startErrand({
    isOnPglite: true,
    settings: { runner: { enabled: false } },
  })
  await waiting.addRepository('acme/sums')
  await waiting.client.request('POST', '/repos/acme/sums/git/refs', {
    body: { ref: 'refs/heads/soon-gone', sha: await headOf(waiting) },
  })
  const { id } = await createTask(waiting.client, 'acme/sums', {
    prompt: scriptPrompt('true'),
    model: 'script',
    base_ref: 'soon-gone',
  })
  await waiting.client.request('DELETE', '/repos/acme/sums/git/refs/heads/soon-gone')
  await waiting.close()

  await using running = await startErrand({ dataDir: waiting.dataDir })
  const task = await untilState(running.client, id, 'failed')

  expect(task.sessions[0]?.error).toMatchObject({
    message: expect.stringContaining('soon-gone'),
    category: 'repository',
    remedy: expect.any(String),
    retryable: expect.any(Boolean),
  })
})

async function headOf({ url, token }: Errand): Promise<string> {
  return (await listBranches(url, token, 'acme/sums')).main ?? ''
}

it('ends failed when the script fails, with its exit code', async () => {
  const error = await failTask({ prompt: scriptPrompt('echo nope >&2; exit 7'), model: 'script' })

  expect(error).toMatchObject({ category: 'agent', message: expect.stringMatching(/\b7\b/) })
})

it('ends failed when the agent is not installed, naming it', async () => {
  const error = await failTask({ prompt: 'p', model: 'absent' })

  expect(error?.message).toContain('/opt/no-such-agent')
  expect(error?.remedy).toBeTruthy()
})

it('ends failed when the agent crashes, with what it said last', async () => {
  const error = await failTask({ prompt: 'p', model: 'crashing' })

  expect(error).toMatchObject({ category: 'agent' })
  expect(error?.message).toMatch(/\b3\b/)
})

it('ends failed when the agent goes away without a word', async () => {
  const error = await failTask({ prompt: 'p', model: 'silent' })

  expect(error).toMatchObject({ category: 'agent', message: expect.any(String) })
})

it('ends failed when the model refuses the key, without showing it', async () => {
  const error = await failTask({ prompt: 'p', model: 'coder' })

  expect(error).toMatchObject({ category: 'model' })
  expect(JSON.stringify(error)).not.toMatch(/key-of-the-scripted-model/)
})

it('ends failed when the push is refused', async () => {
  // An archived repository refuses pushes; the task got in before it was archived.
  await errand.addRepository('acme/archived')
  const { id } = await createTask(errand.client, 'acme/archived', {
    prompt: scriptPrompt('sleep 5; echo x > y'),
    model: 'script',
  })
  await untilEvent(errand.client, id, 'tool.execution_start')
  await errand.client.request('PATCH', '/repos/acme/archived', { body: { archived: true } })
  const task = await untilState(errand.client, id, 'failed')

  expect(task.sessions[0]?.error).toMatchObject({ category: 'publish' })
  expect(task.sessions[0]?.error?.message).toMatch(/archived|refused|push/i)
})

it.each([
  [{ prompt: 'p', model: 'script', base_ref: 'no-such-branch' }, 'base_ref'],
  [{ prompt: 'p', model: 'script', head_ref: 'no-such-branch' }, 'head_ref'],
  [{ prompt: '', model: 'script' }, 'prompt'],
  [{ prompt: '   \n', model: 'script' }, 'prompt'],
  [{ prompt: 'x'.repeat(70_000), model: 'script' }, 'prompt'],
  [{ prompt: 'p', model: 'script', timeout_minutes: 100_000 }, 'timeout_minutes'],
  [{ prompt: 'p', model: 'script', custom_agent: 'nobody' }, 'custom_agent'],
] as const)('refuses at once what cannot work: %#', async (body, field) => {
  const refused = createTask(errand.client, 'acme/sums', body)

  await expect(refused).rejects.toMatchObject({
    status: 422,
    body: { errors: [expect.objectContaining({ field })] },
  })
})
