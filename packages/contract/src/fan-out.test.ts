import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { type Client, createClient, createTaskOnce, fanOut, type FannedOut } from './index.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Stored {
  id: string
  repository: string
  prompt: string
}

interface Server {
  client: Client
  tasks: Stored[]
  createsAt: number[]
  /** How often it was asked for a task, or for a list of them. */
  reads(): number
}

interface ServerOptions {
  /** Errand tells a create again by its key; GitHub does not, and has no models to list. */
  kind: 'errand' | 'github'
  /** Which creates, from 1, are stored and then not answered. */
  lost?: readonly number[]
  /** Which creates, from 1, meet a limit first. */
  limited?: readonly number[]
  refuses?: Record<string, number>
}

/** A server that keeps what a fan-out is about: how creates are told again, lost, limited, refused. */
async function serve(options: ServerOptions): Promise<Server> {
  const tasks: Stored[] = []
  const keys = new Map<string, Stored>()
  const createsAt: number[] = []
  const limited = new Set(options.limited)
  let reads = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? ''
    const send = (status: number, body: unknown, headers = {}): void =>
      void response.writeHead(status, headers).end(JSON.stringify(body))
    const [, repository = ''] = /^\/agents\/repos\/([^/]+\/[^/]+)\/tasks/.exec(url) ?? []
    const [, id] = /^\/agents\/tasks\/(.+)$/.exec(url) ?? []
    if (url === '/agents/models' && options.kind === 'errand') return send(200, { models: [] })
    if (request.method === 'POST') {
      const refusal = options.refuses?.[repository]
      if (refusal !== undefined) return send(refusal, { message: 'No' })
      createsAt.push(Date.now())
      if (limited.delete(createsAt.length)) {
        return send(403, { message: 'secondary rate limit' }, { 'retry-after': '1' })
      }
      const { prompt } = (await json(request)) as { prompt: string }
      const key = `${repository} ${String(request.headers['idempotency-key'])}`
      const known = options.kind === 'errand' ? keys.get(key) : undefined
      const task = known ?? { id: randomUUID(), repository, prompt }
      if (known === undefined) tasks.push(task)
      keys.set(key, task)
      if (options.lost?.includes(createsAt.length) === true) return void request.socket.destroy()
      return send(201, present(task))
    }
    if (repository !== '' || id !== undefined) reads += 1
    if (repository !== '') {
      return send(200, {
        tasks: tasks.filter((task) => task.repository === repository).map(present),
      })
    }
    const task = tasks.find((stored) => stored.id === id)
    return task === undefined ? send(404, { message: 'Not Found' }) : send(200, present(task))
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    client: createClient({ baseUrl, token: 'ghp_x' }),
    tasks,
    createsAt,
    reads: () => reads,
  }
}

function present({ id, prompt }: Stored) {
  const created_at = '2026-01-02T03:04:05Z'
  return {
    id,
    state: 'queued',
    created_at,
    sessions: [{ id, state: 'queued', created_at, prompt }],
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `acme/r${at}`)
const repositoriesOf = ({ tasks }: Server): string[] =>
  tasks.map(({ repository }) => repository).toSorted()

describe('fanOut', () => {
  it('creates a task in each repository, with its own prompt, and tells of each', async () => {
    const server = await serve({ kind: 'errand' })
    const told: string[] = []

    const sent = await fanOut(
      server.client,
      { repositories: [...names(20), 'ACME/R3'], prompt: (name) => `Do it in ${name}` },
      { onChange: ({ repository }) => void told.push(repository) },
    )

    expect(sent).toHaveLength(20)
    expect(repositoriesOf(server)).toEqual(names(20).toSorted())
    expect(told.toSorted()).toEqual(sent.map(({ repository }) => repository).toSorted())
    expect(server.tasks.map(({ prompt }) => prompt)).toContain('Do it in acme/r7')
  })

  it('goes to GitHub one by one, a second apart, and obeys Retry-After', async () => {
    const server = await serve({ kind: 'github', limited: [2] })
    const reasons: string[] = []

    await fanOut(
      server.client,
      { repositories: names(3), prompt: 'p' },
      { concurrency: 5, onWait: (reason) => void reasons.push(reason) },
    )

    const gaps = server.createsAt.slice(1).map((at, index) => at - (server.createsAt[index] ?? 0))
    expect(repositoriesOf(server)).toEqual(names(3))
    expect(reasons).toEqual(['the server asks to wait 1 s'])
    // Timers may fire a little early.
    expect(Math.min(...gaps)).toBeGreaterThan(950)
  })

  it.each(['errand', 'github'] as const)(
    'sends nothing twice to %s, neither after a lost answer nor when run again',
    async (kind) => {
      const server = await serve({ kind, lost: [1] })
      const wanted = { repositories: names(2), prompt: 'p' }

      const first = await fanOut(server.client, wanted, { key: 'a campaign' })
      const again = await fanOut(server.client, wanted, { key: 'a campaign' })

      expect(server.tasks).toHaveLength(2)
      expect(again.map(idOf)).toEqual(first.map(idOf))
    },
    10_000,
  )

  it('looks on GitHub for earlier tasks only where there may be some', async () => {
    const server = await serve({ kind: 'github' })
    const wanted = { repositories: names(1), prompt: 'p' }

    await fanOut(server.client, wanted)
    const unkeyed = server.reads()
    await fanOut(server.client, wanted, { key: 'a campaign' })

    expect(unkeyed).toBe(0)
    expect(server.reads()).toBeGreaterThan(0)
  })

  it('sends anew under another key', async () => {
    const server = await serve({ kind: 'errand' })
    const wanted = { repositories: names(1), prompt: 'p' }

    await fanOut(server.client, wanted)
    await fanOut(server.client, wanted)

    expect(server.tasks).toHaveLength(2)
  })

  it('goes on where one repository is refused, and says why', async () => {
    const server = await serve({ kind: 'errand', refuses: { 'acme/r0': 404 } })

    const [refused, sent] = await fanOut(server.client, { repositories: names(2), prompt: 'p' })

    expect(refused).toMatchObject({ repository: 'acme/r0', error: { status: 404 } })
    expect(sent).toHaveProperty('task')
  })

  it('stops where the server refuses whoever asks', async () => {
    const server = await serve({ kind: 'errand', refuses: { 'acme/r0': 401 } })

    await expect(
      fanOut(server.client, { repositories: names(100), prompt: 'p' }, { concurrency: 1 }),
    ).rejects.toMatchObject({ status: 401 })
    expect(server.tasks).toEqual([])
  })

  it('stops with the reason of the signal', async () => {
    const server = await serve({ kind: 'github' })
    const stop = new AbortController()
    const reason = new Error('enough')

    const sending = fanOut(
      server.client,
      { repositories: names(3), prompt: 'p' },
      { signal: stop.signal, onChange: () => stop.abort(reason) },
    )

    await expect(sending).rejects.toBe(reason)
    expect(server.tasks).toHaveLength(1)
  })
})

describe('createTaskOnce', () => {
  it('names what is no repository before anything is sent', async () => {
    const server = await serve({ kind: 'errand' })

    await expect(
      createTaskOnce(server.client, 'acme', { prompt: 'p' }, { key: 'k' }),
    ).rejects.toMatchObject({ errors: [{ field: 'repository' }] })
    expect(server.createsAt).toEqual([])
  })
})

function idOf(sent: FannedOut): string | undefined {
  return 'task' in sent ? sent.task.id : undefined
}
