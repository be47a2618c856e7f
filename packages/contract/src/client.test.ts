import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, it } from 'vitest'
import { AnswerError, createClient } from './index.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => handler(request, response, body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function answer(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

const task = { id: 't1', state: 'completed', created_at: '2026-01-02T03:04:05Z', sessions: [] }

function streamed(id: string, type = 'assistant.message'): string {
  const event = { id, type, timestamp: task.created_at, session_id: 's1', data: { content: id } }
  return `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`
}

it('sends an operation with its path, body, version and token as GitHub documents it', async () => {
  const seen: unknown[] = []
  const url = await serve((request, response, body) => {
    const { authorization, 'x-github-api-version': version, 'user-agent': agent } = request.headers
    seen.push(request.method, request.url, authorization, version, agent, JSON.parse(body))
    answer(response, 201, task)
  })
  const client = createClient({ baseUrl: `${url}/api/v3/`, token: 'ghp_x' })

  const created = await client.call('createTask', {
    params: { owner: 'me', repo: 'a b' },
    body: { prompt: 'Fix it' },
  })

  expect(created.id).toBe('t1')
  expect(seen).toEqual([
    'POST',
    '/api/v3/agents/repos/me/a%20b/tasks',
    'Bearer ghp_x',
    '2022-11-28',
    'errand',
    { prompt: 'Fix it' },
  ])
})

it('repeats ids, joins states, and goes on as long as Link names a next page', async () => {
  const seen: (string | undefined)[] = []
  const url = await serve((request, response) => {
    seen.push(request.url)
    const link = request.url?.includes('page=2') ? '<x>; rel="first"' : '<x>; rel="next"'
    answer(response, 200, { tasks: [task] }, { link })
  })
  const client = createClient({ baseUrl: url })
  const query = { creator_id: [1, 2], state: ['queued' as const, 'failed' as const] }

  let count = 0
  for await (const page of client.pages('listTasksForRepo', {
    params: { owner: 'o', repo: 'r' },
    query,
  })) {
    count += page.tasks.length
  }

  expect(count).toBe(2)
  const asked = '/agents/repos/o/r/tasks?creator_id=1&creator_id=2&state=queued%2Cfailed'
  expect(seen).toEqual([`${asked}&page=1`, `${asked}&page=2`])
})

it('throws what the server said, with its status and its field errors', async () => {
  const errors = [{ code: 'custom', field: 'model', message: "model 'x' is not supported" }]
  const url = await serve((_, response) =>
    answer(response, 422, { message: 'Validation Failed', documentation_url: 'd', errors }),
  )

  const failure = await createClient({ baseUrl: url })
    .call('getTask', { params: { task_id: 'x' } })
    .catch((error: unknown) => error)

  expect(failure).toBeInstanceOf(AnswerError)
  expect(failure).toMatchObject({ status: 422, message: 'Validation Failed', body: { errors } })
})

it.each([
  ['a page of a proxy', '<html>Bad gateway</html>'],
  ['nothing', ''],
  ['JSON that is no error', '[1]'],
])('tells the status when the body of an error is %s', async (_, body) => {
  const url = await serve((_request, response) => response.writeHead(502).end(body))

  await expect(createClient({ baseUrl: url }).request('GET', '/user')).rejects.toMatchObject({
    status: 502,
    message: 'HTTP 502 Bad Gateway',
  })
})

it('sends a POST again as a POST to where a repository was renamed to', async () => {
  const url = await serve((request, response, body) => {
    if (request.url === '/agents/repos/old/r/tasks') {
      return answer(response, 301, {}, { location: '/agents/repos/new/r/tasks' })
    }
    return answer(response, 201, { ...task, name: `${request.method} ${request.url} ${body}` })
  })

  const created = await createClient({ baseUrl: url }).call('createTask', {
    params: { owner: 'old', repo: 'r' },
    body: { prompt: 'p' },
  })

  expect(created.name).toBe('POST /agents/repos/new/r/tasks {"prompt":"p"}')
})

it('does not carry the token to another origin', async () => {
  let reached = false
  const elsewhere = await serve((_, response) => {
    reached = true
    answer(response, 200, {})
  })
  const url = await serve((_, response) => answer(response, 302, {}, { location: elsewhere }))

  await expect(createClient({ baseUrl: url }).request('GET', '/user')).rejects.toMatchObject({
    status: 302,
  })
  expect(reached).toBe(false)
})

it('follows events over a broken connection, each once, and ends with the task', async () => {
  const lastIds: (string | undefined)[] = []
  const url = await serve((request, response) => {
    if (!request.url?.endsWith('/events')) return answer(response, 200, task)
    lastIds.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (lastIds.length > 1) return response.end(`: here\n\n${streamed('3')}`)
    const cut = streamed('3').slice(0, 20)
    return response.write(`${streamed('1')}${streamed('2')}${cut}`, () => response.destroy())
  })

  const ids: string[] = []
  for await (const event of createClient({ baseUrl: url }).followEvents('t1')) ids.push(event.id)

  expect(ids).toEqual(['1', '2', '3'])
  expect(lastIds).toEqual([undefined, '2'])
})

it('asks again when the stream was closed before the task had ended', async () => {
  let streams = 0
  const url = await serve((request, response) => {
    if (!request.url?.endsWith('/events')) {
      return answer(response, 200, { ...task, state: streams < 2 ? 'in_progress' : 'completed' })
    }
    streams += 1
    return response.writeHead(200).end(streamed(String(streams)))
  })

  const ids: string[] = []
  for await (const event of createClient({ baseUrl: url }).followEvents('t1')) ids.push(event.id)

  expect(ids).toEqual(['1', '2'])
})

it('stops following when told to, with the reason of the signal', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200)
    response.write(streamed('1'))
  })
  const stop = new AbortController()
  const reason = new Error('enough')

  const follow = async (): Promise<void> => {
    const events = createClient({ baseUrl: url }).followEvents('t1', { signal: stop.signal })
    for await (const event of events) if (event.id === '1') stop.abort(reason)
  }

  await expect(follow()).rejects.toBe(reason)
})

it('does not wait for a server that was never there', async () => {
  const events = createClient({ baseUrl: 'http://127.0.0.1:1' }).followEvents('t1')

  await expect(events.next()).rejects.toBeInstanceOf(TypeError)
})
