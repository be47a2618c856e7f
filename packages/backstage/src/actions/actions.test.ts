import { setTimeout as delay } from 'node:timers/promises'
import type { Client, TaskWithSessions } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAction, targetsOf } from '../testing/run-action.ts'
import { type Errand, startErrand } from '../testing/start-errand.ts'
import { createErrandFanOutAction } from './create-fanout.ts'
import { createErrandTaskCreateAction } from './create-task.ts'
import { createErrandTaskWaitAction } from './wait-for-task.ts'

let errand: Errand
let create: ReturnType<typeof createErrandTaskCreateAction>
let wait: ReturnType<typeof createErrandTaskWaitAction>
let fanOut: ReturnType<typeof createErrandFanOutAction>

beforeAll(async () => {
  errand = await startErrand()
  for (const name of ['acme/shop', 'acme/billing']) await errand.addRepository(name)
  const targets = targetsOf({ errand: { baseUrl: errand.url, token: errand.token } })
  create = createErrandTaskCreateAction(targets)
  wait = createErrandTaskWaitAction(targets)
  fanOut = createErrandFanOutAction(targets)
})
afterAll(() => errand?.[Symbol.asyncDispose]())

const model = 'script'
const repoUrl = 'github.com?owner=acme&repo=shop'

function script(commands: string): string {
  return `Do it\n\n\`\`\`sh\n${commands}\n\`\`\`\n`
}

describe('errand:task:create and errand:task:wait', () => {
  it('lead to a pull request, and tell on the way where to look', async () => {
    const created = await runAction(create, { repoUrl, model, prompt: script('echo hi >hi.txt') })
    const taskId = String(created.output.taskId)
    const waited = await runAction(wait, { taskId, repoUrl })

    expect(created.output).toMatchObject({ state: 'queued' })
    expect(created.output.taskUrl).toMatch(/^http:.+\/acme\/shop\/copilot\/tasks\/[0-9a-f-]+$/)
    expect(waited.output).toMatchObject({ taskId, state: 'completed' })
    expect(waited.output.pullRequestUrl).toMatch(/\/acme\/shop\/pull\/\d+$/)
    expect(waited.output.headRef).toMatch(/^errand\//)
    expect(waited.log.join('\n')).toContain(
      `The task is completed: ${String(waited.output.taskUrl)}`,
    )
  })

  it('open no pull request where none is asked for', async () => {
    const prompt = script('echo hi >hi.txt')
    const { output } = await runAction(create, { repoUrl, model, prompt, createPullRequest: false })
    const waited = await runAction(wait, { taskId: String(output.taskId) })

    expect(waited.output).toHaveProperty('headRef')
    expect(waited.output).not.toHaveProperty('pullRequestUrl')
  })

  it('find the task again when the scaffolder runs the step again', async () => {
    const input = { repoUrl, model, prompt: script('true') }
    const step = { task: { id: 'run-1' }, step: { id: 'prepare' } }

    const first = await runAction(create, input, step)
    const again = await runAction(create, input, step)
    const otherStep = await runAction(create, input, { ...step, step: { id: 'more' } })
    const round = await runAction(create, input, { ...step, each: { key: '0', value: 'a' } })

    expect(again.output.taskId).toBe(first.output.taskId)
    const ids = [first, otherStep, round].map(({ output }) => output.taskId)
    expect(new Set(ids).size).toBe(3)
  })

  it('ask nobody again for what a checkpoint holds', async () => {
    const kept = { taskId: 't1', state: 'queued', taskUrl: 'https://errand.example.com/t1' }

    const { output } = await runAction(
      create,
      { repoUrl: 'acme/nowhere', prompt: 'p' },
      { checkpoint: () => Promise.resolve(kept as never) },
    )

    expect(output).toEqual(kept)
  })

  it('fail with what the agent failed of, or hand on that it failed', async () => {
    const { output } = await runAction(create, { repoUrl, model, prompt: script('exit 3') })
    const taskId = String(output.taskId)

    await expect(runAction(wait, { taskId })).rejects.toThrow(
      new RegExp(`^The task ${taskId} ended failed: .+`),
    )
    const ran = await runAction(wait, { taskId, failUnlessCompleted: false })
    expect(ran.output).toMatchObject({ state: 'failed' })
  })

  it.each([
    ['acme', "repoUrl is 'acme', which is no repository"],
    ['acme/nowhere', 'The task for acme/nowhere was not created: Not Found (HTTP 404).'],
  ])('say in one sentence what is wrong with %s', async (given, message) => {
    const failed = runAction(create, { repoUrl: given, model, prompt: 'p' })

    await expect(failed).rejects.toThrow(message)
    await expect(failed).rejects.toMatchObject({ name: expect.stringMatching(/^(Input|NotFound)/) })
  })

  it('name the field that the server refuses', async () => {
    const failed = runAction(create, { repoUrl, model: 'nonsense', prompt: 'p' })

    await expect(failed).rejects.toThrow(/Validation Failed: .*nonsense.* \(HTTP 422\)\.$/)
  })

  it('refuse a token that is none, without telling it', async () => {
    const token = 'ghp_wrong'
    const failed = runAction(create, { repoUrl, model, prompt: 'p', token })

    await expect(failed).rejects.toMatchObject({ name: 'NotAllowedError' })
    await expect(failed).rejects.not.toThrow(token)
  })
})

describe('a step that is cancelled', () => {
  it.each([
    ['cancels the task', undefined, 'cancelled'],
    ['lets the task go on where that is wanted', false, 'in_progress'],
  ])('%s', async (_, cancelOnAbort, state) => {
    const { output } = await runAction(create, { repoUrl, model, prompt: script('sleep 30') })
    const taskId = String(output.taskId)
    await untilState(errand.client, taskId, 'in_progress')
    const run = new AbortController()

    const waiting = runAction(
      wait,
      { taskId, ...(cancelOnAbort !== undefined && { cancelOnAbort }) },
      { signal: run.signal },
    )
    run.abort()

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    const task = await errand.client.call('getTask', { params: { task_id: taskId } })
    expect(task.state).toBe(state)
    if (state !== 'cancelled') {
      await errand.client.call('cancelTask', { params: { task_id: taskId } })
    }
  })

  it('says in which state the task is when the time to wait is over', async () => {
    const { output } = await runAction(create, { repoUrl, model, prompt: script('sleep 30') })
    const taskId = String(output.taskId)

    await expect(runAction(wait, { taskId, timeoutMinutes: 0.05 })).rejects.toThrow(
      new RegExp(`the task ${taskId} is still (queued|in_progress)\\.$`),
    )
    await errand.client.call('cancelTask', { params: { task_id: taskId } })
  })
})

describe('errand:fanout:create', () => {
  it('creates a task in each repository, tells of the refused, and none twice', async () => {
    const repositories = [
      repoUrl,
      'github.com?owner=acme&repo=billing',
      'github.com?owner=acme&repo=no',
    ]
    const input = { repositories, model, prompt: script('echo a >a.txt') }
    const step = { task: { id: 'run-2' } }

    const { output, log } = await runAction(fanOut, input, step)
    const again = await runAction(fanOut, input, step)

    expect(output).toMatchObject({
      created: 2,
      refused: 1,
      tasks: [
        { repository: 'acme/shop', state: 'queued', taskUrl: expect.stringMatching('/tasks/') },
        { repository: 'acme/billing' },
      ],
      refusals: [{ repository: 'acme/no', error: 'Not Found' }],
    })
    expect(idsOf(again.output.tasks)).toEqual(idsOf(output.tasks))
    expect(log).toContain('info acme/no: refused, Not Found')
  })

  it('fails where no repository took a task, and where two hosts are meant', async () => {
    const none = runAction(fanOut, { repositories: ['acme/no'], prompt: 'p' })
    const two = ['github.com?owner=a&repo=b', 'example.com?owner=a&repo=b']

    await expect(none).rejects.toThrow('No repository was given a task: Not Found.')
    await expect(runAction(fanOut, { repositories: two, prompt: 'p' })).rejects.toThrow('one host')
  })
})

describe('each action', () => {
  it('documents inputs that it takes, and all that it needs', () => {
    for (const action of [create, wait, fanOut]) {
      const { properties = {}, required = [] } = (action.schema?.input ?? {}) as Schema
      for (const { example } of action.examples ?? []) {
        const step = example.split(/^ {2}- /m).find((text) => text.includes(`action: ${action.id}`))
        const given = [...(step ?? '').matchAll(/^ {6}(\w+):/gm)].map(([, name]) => name)
        expect(Object.keys(properties)).toEqual(expect.arrayContaining(given))
        expect(given).toEqual(expect.arrayContaining(required))
      }
    }
  })
})

interface Schema {
  properties?: Record<string, unknown>
  required?: string[]
}

function idsOf(tasks: unknown): (string | undefined)[] {
  return (tasks as { taskId?: string }[]).map(({ taskId }) => taskId)
}

async function untilState(client: Client, id: string, state: string): Promise<TaskWithSessions> {
  for (let left = 300; left > 0; left -= 1) {
    const task = await client.call('getTask', { params: { task_id: id } })
    if (task.state === state) return task
    await delay(50)
  }
  throw new Error(`the task ${id} did not become ${state}`)
}
