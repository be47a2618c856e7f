import { expect, it } from 'vitest'

import { createCircuitBreaker } from './circuit-breaker.ts'

it('opens after three failures in a row, and lets one request try after ten seconds', () => {
  let now = 0
  const breaker = createCircuitBreaker(() => now)
  expect([breaker.failed(), breaker.failed()]).toEqual([false, false])
  expect(breaker.succeeded()).toBe(false)
  expect([breaker.failed(), breaker.failed(), breaker.failed()]).toEqual([false, false, true])
  expect(breaker.mayTry()).toBe(false)

  now = 10_000
  expect([breaker.mayTry(), breaker.mayTry()]).toEqual([true, false])
  expect(breaker.failed()).toBe(true)
  expect(breaker.mayTry()).toBe(false)

  now = 20_000
  expect(breaker.mayTry()).toBe(true)
  breaker.unknown()
  expect(breaker.mayTry()).toBe(true)
  expect(breaker.succeeded()).toBe(true)
  expect([breaker.mayTry(), breaker.mayTry()]).toEqual([true, true])
})
