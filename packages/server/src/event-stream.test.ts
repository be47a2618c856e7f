import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '@errand/core'
import Fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import {
  eventFrame,
  type EventStreamOptions,
  type Frames,
  sendEventStream,
} from './event-stream.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(frames: Frames, options: Partial<EventStreamOptions> = {}): Promise<string> {
  const app = Fastify({ forceCloseConnections: true })
  app.get('/', async (_request, reply) => {
    await sendEventStream(reply, frames, { log: silentLog, ...options })
    return reply
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  closers.push(() => app.close())
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

it('tells the log to stop when the reader goes away', async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>()
  const url = await serve(async function* (signal) {
    yield eventFrame('1', 'x', {})
    await untilAborted(signal)
    resolve()
  })
  const reader = new AbortController()
  const response = await fetch(url, { signal: reader.signal })

  reader.abort()

  await expect(stopped).resolves.toBeUndefined()
  expect(response.status).toBe(200)
})

it('answers a HEAD at once, however long the stream would last, and follows nothing for it', async () => {
  let isFollowed = false
  const url = await serve(async function* (signal) {
    isFollowed = true
    await untilAborted(signal)
    yield ''
  })

  const response = await fetch(url, { method: 'HEAD' })

  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(isFollowed).toBe(false)
})

it('gives signs of life while nothing happens, and ends when its time is over', async () => {
  const url = await serve(
    async function* (signal) {
      await untilAborted(signal)
      yield eventFrame('1', 'last', {})
    },
    { keepAliveMs: 5, lifeMs: 1000 },
  )

  const text = await (await fetch(url)).text()

  expect(text.match(/^: here$/gm)?.length).toBeGreaterThan(2)
  expect(text).toMatch(/id: 1\nevent: last\ndata: \{\}\n\n$/)
})

it('makes the log wait for a slow reader', async () => {
  const frame = eventFrame('1', 'x', 'x'.repeat(1024 * 1024))
  let made = 0
  const url = await serve(async function* (signal) {
    while (made < 1000 && !signal.aborted) {
      made += 1
      yield frame
      await delay(0)
    }
  })

  const response = await fetch(url)
  let before = -1
  // Nothing is read: what is made stops growing when the buffers in between are full.
  while (before !== made) {
    before = made
    await delay(200)
  }
  await response.body?.cancel()

  expect(made).toBeLessThan(100)
})

it('ends the answer and logs it when the log fails', async () => {
  const errors: object[] = []
  const failure = new Error('gone')
  const url = await serve(
    async function* () {
      yield eventFrame('1', 'x', {})
      throw failure
    },
    { log: { ...silentLog, error: (fields) => void errors.push(fields) } },
  )

  const text = await (await fetch(url)).text()

  expect(text).toContain('id: 1')
  expect(errors).toMatchObject([{ err: failure }])
})
