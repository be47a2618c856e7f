import type { Dispatcher } from 'undici'
import { expect, it } from 'vitest'

import { createAnswerBody } from './answer-body.ts'

/** Of a request of undici, as far as a body uses it. */
function openController() {
  const done: string[] = []
  let isPaused = false
  const controller = {
    aborted: false,
    get paused() {
      return isPaused
    },
    reason: null,
    abort: () => void done.push('abort'),
    pause() {
      isPaused = true
      done.push('pause')
    },
    resume() {
      isPaused = false
      done.push('resume')
    },
  } satisfies Dispatcher.DispatchController
  return { controller, done }
}

it('holds its upstream back while an agent is slow, and loses nothing when it breaks off then', async () => {
  const { controller, done } = openController()
  const { body, take, fail } = createAnswerBody(controller)
  for (let at = 0; at < 3; at += 1) take(Buffer.alloc(100_000, at))
  fail(new Error('gone'))

  const lengths: number[] = []
  const reading = (async () => {
    for await (const chunk of body) lengths.push(chunk.length)
  })()

  await expect(reading).rejects.toThrow('gone')
  expect(lengths).toEqual([300_000])
  expect(done).toEqual(['pause', 'resume'])
})

it('that nobody wants ends its upstream, once', async () => {
  const { controller, done } = openController()
  const { body, take, end } = createAnswerBody(controller)
  const reading = body[Symbol.asyncIterator]().next()
  body.destroy()
  body.destroy()
  take(Buffer.from('late'))
  end()

  await expect(reading).rejects.toThrow('not wanted')
  expect(done).toEqual(['abort'])
})
