import type { State } from '@errand/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { descendantsOf } from '../support/processes.ts'
import { listBranches } from '../support/pulls.ts'
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import {
  completeTask,
  createTask,
  eventsOf,
  getTask,
  scriptPrompt,
  untilState,
} from '../support/tasks.ts'

let model: ScriptedModel
let errand: Errand

beforeAll(async () => {
  model = await startScriptedModel([{ call: [['ask_user', { question: 'Which one?' }]] }])
  errand = await startErrand({ model, settings: { limits: { per_repository: 1 } } })
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

const mark = `sleep 98765.${process.pid}`

function processesOfAgent(): string[] {
  return descendantsOf(process.pid)
    .map(({ command }) => command)
    .filter((command) => command === mark)
}

async function cancel(id: string): Promise<State> {
  return (await errand.client.call('cancelTask', { params: { task_id: id } })).state
}

it('ends a running task at once, with everything that ran in its box', async () => {
  await errand.addRepository('acme/running')
  const { id } = await createTask(errand.client, 'acme/running', {
    prompt: scriptPrompt(`echo x > y; ${mark}`),
    model: 'script',
    create_pull_request: true,
  })
  await untilState(errand.client, id, 'in_progress')
  await eventually(() => expect(processesOfAgent()).toHaveLength(1))

  const state = await cancel(id)
  await eventually(() => expect(processesOfAgent()).toEqual([]))

  expect(state).toBe('cancelled')
  expect((await getTask(errand.client, id)).state).toBe('cancelled')
  expect(await listBranches(errand.url, errand.token, 'acme/running')).toEqual({
    main: expect.any(String),
  })
})

it('ends a queued task before it starts', async () => {
  await errand.addRepository('acme/queued')
  const body = { prompt: scriptPrompt(mark), model: 'script' }
  const first = await createTask(errand.client, 'acme/queued', body)
  await untilState(errand.client, first.id, 'in_progress')
  const second = await createTask(errand.client, 'acme/queued', body)

  expect(await cancel(second.id)).toBe('cancelled')
  await cancel(first.id)

  const types = (await eventsOf(errand.client, second.id)).map(({ type }) => type)
  expect(types).not.toContain('session.sandbox')
})

it('ends a task that waits for an answer, which then comes too late', async () => {
  await errand.addRepository('acme/waiting')
  const { id } = await createTask(errand.client, 'acme/waiting', { prompt: 'p', model: 'scripted' })
  await untilState(errand.client, id, 'waiting_for_user')

  expect(await cancel(id)).toBe('cancelled')
  const late = await errand.client.call('steerTask', {
    params: { task_id: id },
    body: { type: 'abort' },
  })

  expect(late).toMatchObject({ outcome: 'already_ended' })
  expect((await getTask(errand.client, id)).state).toBe('cancelled')
})

it('leaves a task that has ended as it is', async () => {
  await errand.addRepository('acme/ended')
  const { id } = await completeTask(errand.client, 'acme/ended', {
    prompt: scriptPrompt('true'),
    model: 'script',
  })

  expect(await cancel(id)).toBe('completed')
})

it('is cancelled by steering it to abort, too', async () => {
  await errand.addRepository('acme/aborted')
  const { id } = await createTask(errand.client, 'acme/aborted', {
    prompt: scriptPrompt(mark),
    model: 'script',
  })
  await untilState(errand.client, id, 'in_progress')

  const answer = await errand.client.call('steerTask', {
    params: { task_id: id },
    body: { type: 'abort' },
  })

  expect(answer).toMatchObject({ task_id: id, outcome: 'aborted' })
  await untilState(errand.client, id, 'cancelled')
  await eventually(() => expect(processesOfAgent()).toEqual([]))
})
