import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '@errand/contract'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { listPulls } from '../support/pulls.ts'
import { completeTask, createTask, eventsOf, scriptPrompt, untilState } from '../support/tasks.ts'

// What GitHub has no endpoint for, as raw HTTP.

let errand: Errand

beforeAll(async () => {
  errand = await startErrand()
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

interface CallOptions {
  method?: string
  body?: string
  headers?: Record<string, string>
}

async function call(path: string, init: CallOptions = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${errand.token}`, ...init.headers }
  return fetch(`${errand.url}${path}`, { ...init, headers })
}

describe('Idempotency-Key', () => {
  const path = '/agents/repos/acme/sums/tasks'
  const body = JSON.stringify({ prompt: scriptPrompt('true'), model: 'script' })

  async function create(key: string, text = body): Promise<Response> {
    return call(path, { method: 'POST', body: text, headers: { 'idempotency-key': key } })
  }

  it('answers 201 again with the task as it is now', async () => {
    const first = await create('once')
    const { id } = (await first.json()) as { id: string }
    await untilState(errand.client, id, 'completed')

    const again = await create('once')

    expect([first.status, again.status]).toEqual([201, 201])
    expect(first.headers.get('idempotent-replay')).toBeNull()
    expect(again.headers.get('idempotent-replay')).toBe('true')
    expect(await again.json()).toMatchObject({ id, state: 'completed' })
  })

  it('refuses the key with another body', async () => {
    await create('other')

    const other = await create('other', JSON.stringify({ prompt: 'other', model: 'script' }))

    expect(other.status).toBe(422)
    expect(await other.json()).toMatchObject({
      errors: [expect.objectContaining({ field: 'Idempotency-Key' })],
    })
  })

  it('makes one task of many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('many')))
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { id: string }).id),
    )

    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    expect(new Set(ids).size).toBe(1)
  })
})

describe('events', () => {
  it('come in pages of JSON, and after one', async () => {
    const { id } = await completeTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('echo hello'),
      model: 'script',
    })
    const all = await eventsOf(errand.client, id)

    const page = await call(`/agents/tasks/${id}/events?per_page=2&page=2`)
    const after = await call(`/agents/tasks/${id}/events?after=${all[2]?.id}`)

    expect(await page.json()).toEqual({ events: all.slice(2, 4), total: all.length })
    expect(((await after.json()) as { events: Event[] }).events).toEqual(all.slice(3))
  })

  it('come live as server-sent events, go on after Last-Event-ID, and end with the task', async () => {
    const { id } = await createTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('echo one; sleep 0.5; echo two'),
      model: 'script',
    })

    const accept = 'text/event-stream'
    const stream = await call(`/agents/tasks/${id}/events`, { headers: { accept } })
    const live = readIds(await stream.text())
    const resumed = await call(`/agents/tasks/${id}/events`, {
      headers: { accept, 'last-event-id': live[2] as string },
    })

    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(live).toEqual((await eventsOf(errand.client, id)).map((event) => event.id))
    expect(readIds(await resumed.text())).toEqual(live.slice(3))
  })

  function readIds(stream: string): string[] {
    return [...stream.matchAll(/^id: ?(.+)$/gm)].map((match) => match[1] as string)
  }
})

describe('archive', () => {
  it('takes a task out of the list and back, once it has ended', async () => {
    const { id } = await completeTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('true'),
      model: 'script',
    })
    const lists = async (): Promise<boolean[]> => {
      const found = []
      for (const archived of [false, true]) {
        const { tasks } = await errand.client.call('listTasks', {
          params: {},
          query: { is_archived: archived, per_page: 100 },
        })
        found.push(tasks.some((task) => task.id === id))
      }
      return found
    }

    const archived = await errand.client.call('archiveTask', { params: { task_id: id } })
    const whileArchived = await lists()
    const back = await errand.client.call('unarchiveTask', { params: { task_id: id } })

    expect(archived.archived_at).toMatch(/^\d{4}-/)
    expect(whileArchived).toEqual([false, true])
    expect(back.archived_at).toBeNull()
    expect(await lists()).toEqual([true, false])
  })

  it('is refused while the task runs', async () => {
    const { id } = await createTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('sleep 60'),
      model: 'script',
    })

    const archiving = errand.client.call('archiveTask', { params: { task_id: id } })

    await expect(archiving).rejects.toMatchObject({ status: 422 })
    await errand.client.call('cancelTask', { params: { task_id: id } })
  })
})

describe('pulls', () => {
  it('opens the pull request later, once', async () => {
    await errand.addRepository('acme/later')
    const { id } = await completeTask(errand.client, 'acme/later', {
      prompt: scriptPrompt('echo x > x', 'Add x'),
      model: 'script',
    })

    const opened = await errand.client.call('openTaskPull', { params: { task_id: id }, body: {} })
    const again = await errand.client.call('openTaskPull', { params: { task_id: id }, body: {} })

    expect(opened).toMatchObject({ number: 1, html_url: `${errand.url}/acme/later/pull/1` })
    // An answer that was lost can be asked for again.
    expect(again).toEqual(opened)
    expect(await listPulls(errand.client, 'acme/later')).toHaveLength(1)
    const task = await errand.client.call('getTask', { params: { task_id: id } })
    expect(task.artifacts?.map(({ type }) => type).toSorted()).toEqual(['branch', 'pull'])
  })

  it('is refused for a task that changed nothing', async () => {
    const { id } = await completeTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('true'),
      model: 'script',
    })

    const opening = errand.client.call('openTaskPull', { params: { task_id: id }, body: {} })

    await expect(opening).rejects.toMatchObject({ status: 422 })
  })
})

describe('the description', () => {
  it('is OpenAPI 3.1, with every operation, and has a page to read it', async () => {
    const response = await call('/openapi.json', { headers: { authorization: '' } })
    const description = (await response.json()) as { openapi: string; paths: object }

    expect(description.openapi).toMatch(/^3\.1/)
    expect(Object.keys(description.paths)).toContain('/agents/repos/{owner}/{repo}/tasks')
    expect(Object.keys(description.paths)).toContain('/agents/tasks/{task_id}/steer')
  })
})

it('lists the models a task may name', async () => {
  const { models } = await errand.client.call('listModels', { params: {} })

  // Beside `script` there may be any.
  const price = { input: 0, cached_input: 0, cache_write: 0, output: 0 }
  expect(models).toContainEqual({
    id: 'script',
    aliases: [],
    agent: 'script',
    is_default: false,
    available: true,
    multiplier: 0,
    price,
  })
})

it('gives the diff of a task as text', async () => {
  const { id } = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('echo plus >> README.md'),
    model: 'script',
  })

  const response = await call(`/agents/tasks/${id}/diff`)

  expect(response.headers.get('content-type')).toMatch(/^text\//)
  expect(await response.text()).toMatch(/^diff --git a\/README\.md b\/README\.md[\s\S]*\+plus$/m)
})

it('keeps 202 for steer alone, and refuses nothing to a busy task', async () => {
  const { id } = await createTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('sleep 60'),
    model: 'script',
  })

  const steer = (body: object): Promise<Response> =>
    call(`/agents/tasks/${id}/steer`, { method: 'POST', body: JSON.stringify(body) })
  const answers = [await steer({ content: 'one' }), await steer({ content: 'two' })]
  await errand.client.call('cancelTask', { params: { task_id: id } })

  expect(answers.map(({ status }) => status)).toEqual([202, 202])
  expect(await answers[0]?.json()).toMatchObject({ task_id: id, outcome: 'queued' })
  expect((await steer({ type: 'mode_switch', content: 'x' })).status).toBe(422)
  expect((await steer({})).status).toBe(422)
})
