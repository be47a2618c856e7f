import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { createEncryption, keyBytes, placeOfSecret } from '@errand/core'
import { expect, it, onTestFinished, vi } from 'vitest'
import { requireGitHubSignature } from '../integrations/signature.ts'
import { postDelivery } from './post-delivery.ts'
import { openTestServer, type TestServer } from '../testing/open-test-server.ts'

const encryption = createEncryption([randomBytes(keyBytes)])

/** As much as is taken. */
function* endless(): Generator<string> {
  while (true) yield 'x'.repeat(65_536)
}

async function openReceiver() {
  const received: { headers: IncomingHttpHeaders; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) })
      // A redirect into a trap: not followed, and no delivery that arrived.
      if (request.url === '/redirect') response.writeHead(302, { location: '/trap' })
      if (request.url === '/hanging') return
      if (request.url === '/endless') Readable.from(endless()).pipe(response)
      else response.end('thanks')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { received, port: (server.address() as AddressInfo).port }
}

async function start(settings: object, path = '/', fields: object = {}) {
  const receiver = await openReceiver()
  const server = await openTestServer(settings, { encryption })
  onTestFinished(() => server[Symbol.asyncDispose]())
  server.forge.addRepository('acme/sums', { members: { ada: 'admin' } })
  const hooks = await server.call('/repos/acme/sums/hooks', {
    token: server.forge.addToken('ada'),
    body: {
      config: {
        // A name: what it resolves to is known only when it is connected to.
        url: `http://localhost:${receiver.port}${path}`,
        content_type: 'json',
        secret: 's3cret',
        ...fields,
      },
      events: ['agent_task'],
    },
  })
  expect(hooks.status).toBe(201)
  // It was pinged: that is not what is looked at here.
  await logOf(server)
  await server.store.db.deleteFrom('webhook_deliveries').execute()
  receiver.received.length = 0
  const created = await server.call('/agents/repos/acme/sums/tasks', {
    token: server.forge.addToken('ada'),
    body: { prompt: 'Add them up', model: 'script' },
  })
  expect(created.status).toBe(201)
  return { receiver, server, task: created.body }
}

async function logOf(server: TestServer) {
  return await vi.waitFor(
    async () => {
      const rows = await server.store.db.selectFrom('webhook_deliveries').selectAll().execute()
      expect(rows[0]?.delivered_at).toBeInstanceOf(Date)
      return rows[0]!
    },
    { timeout: 60_000 },
  )
}

const allowed = { webhooks: { allow_private_addresses: true } }

it('tells a webhook of a task as GitHub would, and keeps what was said without the secret', async () => {
  const { receiver, server, task } = await start(allowed)

  const row = await logOf(server)

  const [told] = receiver.received
  expect(told?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-github-event': 'agent_task',
    'x-github-delivery': row.guid,
    'x-github-hook-id': String(row.webhook_id),
    'x-github-hook-installation-target-type': 'repository',
    'user-agent': expect.stringMatching(/^Errand-Hookshot\/[0-9a-f]{7}$/),
  })
  expect(() => requireGitHubSignature(told!, 's3cret')).not.toThrow()
  expect(() => requireGitHubSignature(told!, 'another')).toThrow('not that of the secret')
  expect(JSON.parse(told!.body.toString())).toMatchObject({
    action: 'queued',
    task: {
      id: task.id,
      state: 'queued',
      url: `${server.url}/agents/repos/acme/sums/tasks/${task.id}`,
    },
    session: { state: 'queued' },
    repository: { full_name: 'acme/sums', name: 'sums' },
    organization: { login: 'acme' },
    sender: { login: 'ada' },
  })
  expect(row).toMatchObject({ status_code: 200, status: 'OK', response: { payload: 'thanks' } })
  expect(JSON.stringify(row)).not.toContain('s3cret')
  // By what it signs, and a signature, a weak secret could be guessed.
  expect(JSON.stringify(row.request)).not.toMatch(/signature/i)
})

it('notes a secret it cannot decrypt as a failed attempt, and holds up nothing by it', async () => {
  const { receiver, server, task } = await start(allowed)
  await logOf(server)
  const { seal } = createEncryption([randomBytes(keyBytes)])
  const { db } = server.store
  const hook = await db.selectFrom('webhooks').selectAll().executeTakeFirstOrThrow()
  const foreign = seal('s3cret', placeOfSecret(hook.seal_id))
  await db.updateTable('webhooks').set({ secret: foreign }).execute()
  receiver.received.length = 0

  const cancelled = await server.call(`/agents/tasks/${task.id}/cancel`, {
    token: server.forge.addToken('ada'),
    body: {},
  })
  expect(cancelled.status).toBeLessThan(300)

  const rows = await vi.waitFor(
    async () => {
      const noted = await db
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('action', '!=', 'queued')
        .execute()
      expect(noted.map(({ delivered_at }) => delivered_at)).toEqual([expect.any(Date)])
      return noted
    },
    { timeout: 60_000 },
  )
  expect(rows[0]).toMatchObject({
    status: 'the secret cannot be decrypted',
    status_code: null,
    failures: 1,
    closed_at: null,
    lease_expires_at: null,
  })
  expect(receiver.received).toEqual([])
})

it('sends nothing to a private address unless the settings allow it', async () => {
  const { receiver, server } = await start({})

  const row = await logOf(server)

  expect(row).toMatchObject({
    status_code: null,
    status: 'the address is private or reserved',
    // Trying again cannot help.
    closed_at: expect.any(Date),
    failures: 1,
  })
  expect(receiver.received).toEqual([])
})

it('sends a form where that is asked for, signed as it is', async () => {
  const { receiver, server } = await start(allowed, '/', { content_type: 'form' })
  await logOf(server)

  const [told] = receiver.received
  expect(told?.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(() => requireGitHubSignature(told!, 's3cret')).not.toThrow()
  const payload = new URLSearchParams(told!.body.toString()).get('payload') ?? ''
  expect(JSON.parse(payload)).toMatchObject({ action: 'queued' })
})

it('gives up on a receiver that hangs, and sends to others meanwhile', async () => {
  const { port } = await openReceiver()
  const post = { headers: {}, body: '{}', isInsecure: false, mayBePrivate: true }
  const result = await postDelivery(
    { ...post, url: `http://127.0.0.1:${port}/hanging`, timeoutMs: 50 },
    new AbortController().signal,
  )

  expect(result).toMatchObject({ status: 'timed out', response: null })
  expect(result).not.toHaveProperty('status_code')
})

it('follows no redirect', async () => {
  const { receiver, server } = await start(allowed, '/redirect')

  const row = await logOf(server)

  expect(row).toMatchObject({ status_code: 302, status: 'Found', closed_at: null, failures: 1 })
  expect(receiver.received).toHaveLength(1)
})

it('keeps a little of an answer without end', async () => {
  const { server } = await start(allowed, '/endless')

  const row = await logOf(server)

  expect(row.status_code).toBe(200)
  expect((row.response as { payload: string }).payload).toHaveLength(65_536)
})
