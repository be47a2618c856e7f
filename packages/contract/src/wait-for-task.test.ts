import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type Client, createClient, streamEvents, WaitTimeout, waitForTask } from './index.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: unknown
}

/** A server that answers by path: the first of the answers that are left, the last one for ever. */
async function serve(answers: Record<string, Answer[]>): Promise<Client & { seen: string[] }> {
  const seen: string[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '', headers } = request
    seen.push([method, url, headers['if-none-match']].filter(Boolean).join(' '))
    const queue = answers[url] ?? [{ status: 404, body: { message: 'Not Found' } }]
    const next = queue.length > 1 ? queue.shift() : queue[0]
    response.writeHead(next?.status ?? 200, next?.headers)
    response.end(next?.body === undefined ? '' : JSON.stringify(next.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { ...createClient({ baseUrl, token: 'ghp_x' }), seen }
}

const created_at = '2026-01-02T03:04:05Z'
const running = { id: 't1', state: 'in_progress', created_at, sessions: [] }
const branch = {
  provider: 'github',
  type: 'branch',
  data: { head_ref: 'copilot/1', base_ref: 'main' },
}
const done = {
  ...running,
  state: 'completed',
  repository: { id: 5 },
  artifacts: [branch, { provider: 'github', type: 'pull', data: { id: 4711 } }],
}
const path = '/agents/tasks/t1'

it('waits until the task has ended, and tells each state once', async () => {
  const client = await serve({
    [path]: [{ body: { ...running, state: 'queued' } }, { body: running }, { body: done }],
  })
  const states: string[] = []

  const { task } = await waitForTask(client, 't1', {
    pollMs: 5,
    onState: ({ state }) => void states.push(state),
  })

  expect(task.state).toBe('completed')
  expect(states).toEqual(['queued', 'in_progress', 'completed'])
})

it('finds the pull request of GitHub’s artifacts, which name it by neither number nor URL', async () => {
  const found = { number: 7, html_url: 'https://github.com/o/r/pull/7', title: 't', state: 'open' }
  const client = await serve({
    [path]: [{ body: done }],
    '/repositories/5': [{ body: { full_name: 'o/r' } }],
    '/repos/o/r/pulls?state=all&head=o%3Acopilot%2F1': [{ body: [found] }],
  })

  expect((await waitForTask(client, 't1')).pull).toMatchObject({ number: 7 })
})

it('asks for what has changed only, and takes a 304 for the same task', async () => {
  const client = await serve({
    [path]: [
      { body: running, headers: { etag: '"a"' } },
      { status: 304 },
      { status: 304 },
      { body: done },
    ],
  })

  const { task } = await waitForTask(client, 't1', { pollMs: 5 })

  expect(task.state).toBe('completed')
  expect(client.seen.slice(0, 3)).toEqual([`GET ${path}`, `GET ${path} "a"`, `GET ${path} "a"`])
})

it('waits as long as the server asks for, and goes on after an error of the server', async () => {
  const limited = { message: 'You have exceeded a secondary rate limit.' }
  const client = await serve({
    [path]: [
      { body: running },
      { status: 429, headers: { 'retry-after': '1' }, body: limited },
      { status: 502 },
      { body: done },
    ],
  })
  const startedAt = Date.now()
  const reasons: string[] = []

  await waitForTask(client, 't1', { pollMs: 5, onWait: (reason) => void reasons.push(reason) })

  expect(reasons).toEqual([
    'the server asks to wait 1 s',
    'the server cannot be reached, trying again',
  ])
  expect(Date.now() - startedAt).toBeGreaterThan(950)
})

it.each([
  ['waiting_for_user', ['waiting_for_user' as const]],
  ['idle', undefined],
])('ends at %s where that is waited for', async (state, until) => {
  const client = await serve({ [path]: [{ body: { ...running, state } }] })

  const { task } = await waitForTask(client, 't1', until === undefined ? {} : { until })

  expect(task.state).toBe(state)
})

it('says in which state the task still is when the time is over', async () => {
  const client = await serve({ [path]: [{ body: running }] })

  const waiting = waitForTask(client, 't1', { pollMs: 5, timeoutMs: 450 })

  await expect(waiting).rejects.toThrow('After 0 s the task t1 is still in_progress.')
  await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
})

it('ends with the reason of the signal', async () => {
  const client = await serve({ [path]: [{ body: running }] })
  const stop = new AbortController()
  const reason = new Error('enough')

  const waiting = waitForTask(client, 't1', {
    signal: stop.signal,
    onState: () => stop.abort(reason),
  })

  await expect(waiting).rejects.toBe(reason)
})

it('throws at once what the server refuses, and when there is no server', async () => {
  const client = await serve({})
  const nowhere = createClient({ baseUrl: 'http://127.0.0.1:1' })

  await expect(waitForTask(client, 't1')).rejects.toMatchObject({ status: 404 })
  await expect(waitForTask(nowhere, 't1')).rejects.toBeInstanceOf(TypeError)
})

it('streams each change of state as an event where the server has no events', async () => {
  const client = await serve({
    [path]: [{ body: { ...running, state: 'queued' } }, { body: running }, { body: done }],
  })

  const changes: unknown[] = []
  for await (const { type, data } of streamEvents(client, 't1', { pollMs: 5 })) {
    changes.push([type, data])
  }

  expect(changes).toEqual([
    ['session.state_changed', { to: 'queued' }],
    ['session.state_changed', { from: 'queued', to: 'in_progress' }],
    ['session.state_changed', { from: 'in_progress', to: 'completed' }],
  ])
})

it('streams nothing of a task that is not there', async () => {
  const events = streamEvents(await serve({}), 't1')

  await expect(events.next()).rejects.toMatchObject({ status: 404 })
})
