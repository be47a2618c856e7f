import { describe, expect, it } from 'vitest'
import { createRateLimits } from './rate-limit.ts'

const alice = { key: 'alice', isAnonymous: false }
const bob = { key: 'bob', isAnonymous: false }
const somebody = { key: '127.0.0.1', isAnonymous: true }

describe('the primary rate limit', () => {
  it('refuses the request after the last one, and says when it is reset', () => {
    const limits = createRateLimits({ per_hour: 2, created_per_minute: 0 }, () => 0)
    limits.take(alice)
    limits.take(alice)

    expect(limits.look(alice)).toMatchObject({ remaining: 0, used: 2, reset: 3600 })
    expect(() => limits.take(alice)).toThrowError(
      expect.objectContaining({
        status: 403,
        message: 'API rate limit exceeded. It is reset at 1970-01-01T01:00:00.000Z.',
        headers: expect.objectContaining({ 'x-ratelimit-remaining': '0' }),
      }),
    )
    expect(limits.take(bob).remaining).toBe(1)
  })

  it('gives a request back that does not count', () => {
    const limits = createRateLimits({ per_hour: 2, created_per_minute: 0 }, () => 0)
    limits.take(alice)

    expect(limits.giveBack(alice)).toMatchObject({ remaining: 2, used: 0 })
    expect(limits.giveBack(alice)).toMatchObject({ remaining: 2, used: 0 })
  })

  it('starts again when the hour is over', () => {
    let timeMs = 0
    const limits = createRateLimits({ per_hour: 1, created_per_minute: 0 }, () => timeMs)
    limits.take(alice)
    timeMs = 3_600_000

    expect(limits.take(alice)).toMatchObject({ used: 1, reset: 7200 })
  })

  it('never says that nothing remains where there is no limit', () => {
    const limits = createRateLimits({ per_hour: 0, created_per_minute: 0 }, () => 0)
    for (let n = 0; n < 6000; n++) limits.take(alice)

    expect(limits.take(alice)).toMatchObject({ limit: 5000, remaining: 5000 })
  })

  it('gives anonymous callers 60', () => {
    const limits = createRateLimits({ per_hour: 5000, created_per_minute: 0 }, () => 0)
    for (let n = 0; n < 60; n++) limits.take(somebody)

    expect(() => limits.take(somebody)).toThrowError(/rate limit/)
  })

  it('forgets the oldest of more callers than memory should hold', () => {
    const limits = createRateLimits({ per_hour: 10, created_per_minute: 0 }, () => 0)
    limits.take(alice)
    limits.take(bob)
    for (let n = 0; n < 49_999; n++) limits.take({ key: `made up ${n}`, isAnonymous: false })

    expect(limits.look(bob).used).toBe(1)
    expect(limits.look(alice).used).toBe(0)
  })
})

describe('the secondary rate limit', () => {
  it('answers too many creations in words and headers all clients know', () => {
    const limits = createRateLimits({ per_hour: 0, created_per_minute: 1 }, () => 0)
    limits.takeCreated(alice)

    expect(() => limits.takeCreated(alice)).toThrowError(
      expect.objectContaining({
        message: expect.stringMatching(/\bsecondary rate\b/i),
        headers: { 'retry-after': '60' },
      }),
    )
    expect(() => limits.takeCreated(bob)).not.toThrow()
  })

  it('is off unless it is set', () => {
    const limits = createRateLimits({ per_hour: 0, created_per_minute: 0 }, () => 0)

    expect(() => {
      for (let n = 0; n < 1000; n++) limits.takeCreated(alice)
    }).not.toThrow()
  })
})
