import { expect, it } from 'vitest'
import { eventually } from './eventually.ts'

it('gives what the check returned as soon as it no longer throws', async () => {
  let tries = 0

  const result = await eventually(
    () => {
      tries += 1
      if (tries < 3) throw new Error('not yet')
      return 'there'
    },
    { intervalMs: 1 },
  )

  expect([result, tries]).toEqual(['there', 3])
})

it('says what never came, and why, after the deadline', async () => {
  const waiting = eventually(() => Promise.reject(new Error('still queued')), {
    timeoutMs: 20,
    intervalMs: 5,
    what: 'the task',
  })

  await expect(waiting).rejects.toThrow('the task did not come about in 20 ms: still queued')
})
