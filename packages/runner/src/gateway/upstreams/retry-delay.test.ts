import { expect, it } from 'vitest'

import { retryDelayMs } from './retry-delay.ts'

it('tries come later and later, never all at once', () => {
  expect([1, 2, 3, 10].map((tries) => retryDelayMs(tries, {}, 1))).toEqual([
    500, 1000, 2000, 20_000,
  ])
  expect(retryDelayMs(2, {}, 0)).toBe(500)
})

it('comes when the upstream says, in seconds, milliseconds or as a date', () => {
  const date = new Date(Date.now() + 5000).toUTCString()

  expect(retryDelayMs(1, { 'retry-after': '3' })).toBe(3000)
  expect(retryDelayMs(1, { 'retry-after-ms': '250', 'retry-after': '3' })).toBe(250)
  expect(retryDelayMs(1, { 'retry-after': date })).toBeLessThanOrEqual(5000)
  expect(retryDelayMs(1, { 'retry-after': 'soon' }, 1)).toBe(500)
})

it('does not come where the upstream asks for longer than is waited', () => {
  expect(retryDelayMs(1, { 'retry-after': '21' })).toBeUndefined()
})
