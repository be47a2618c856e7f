import { rateLimitsOf, Settings } from '@errand/contract'
import { ConnectionLost } from '@errand/core'
import { describe, expect, it } from 'vitest'
import { createRateLimits } from './rate-limit.ts'

const alice = { key: 'alice', isAnonymous: false }
const bob = { key: 'bob', isAnonymous: false }
const somebody = { key: '127.0.0.1', isAnonymous: true }
const list = { method: 'GET', path: '/agents/tasks' }
const create = { method: 'POST', path: '/agents/repos/:owner/:repo/tasks' }

const none = rateLimitsOf(
  Settings.parse({ rate_limits: { per_hour: 0, concurrent: 0 } }).rate_limits,
)

/** Limits beside which there are none, at a time that stands still unless it is given. */
function open(limits: Partial<typeof none>, clock: () => number = () => 0) {
  return createRateLimits({ ...none, anonymous_per_hour: 60, ...limits }, { clock })
}

describe('the presets', () => {
  it.each([
    [{}, { per_hour: 5000, points_per_minute: 0, created_per_minute: 0, created_per_hour: 0 }],
    [
      { preset: 'github' },
      { per_hour: 5000, points_per_minute: 900, created_per_minute: 80, created_per_hour: 500 },
    ],
    [
      { preset: 'github', created_per_hour: 0 },
      { points_per_minute: 900, created_per_minute: 80, created_per_hour: 0 },
    ],
    [{ created_per_minute: '7' }, { points_per_minute: 0, created_per_minute: 7 }],
  ])('of %j are %j', (given, expected) => {
    const { rate_limits } = Settings.parse({ rate_limits: given })

    expect(rateLimitsOf(rate_limits)).toMatchObject({
      anonymous_per_hour: 60,
      concurrent: 100,
      ...expected,
    })
  })
})

describe('the primary rate limit', () => {
  it.each([
    [{}, 5000],
    [{ kind: 'installation' }, 15_000],
    [{ kind: 'workflow' }, 1000],
    [{ isAnonymous: true }, 60],
  ] as const)('of %j is %s', (caller, limit) => {
    const limits = createRateLimits(rateLimitsOf(Settings.parse({}).rate_limits))

    expect(limits.take({ ...alice, ...caller })).toMatchObject({ limit, remaining: limit - 1 })
  })

  it('refuses the request after the last one, and says when it is reset', () => {
    const limits = open({ per_hour: 2 })
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
    const limits = open({ per_hour: 2 })
    limits.take(alice)

    expect(limits.giveBack(alice)).toMatchObject({ remaining: 2, used: 0 })
    expect(limits.giveBack(alice)).toMatchObject({ remaining: 2, used: 0 })
  })

  it('starts again when the hour is over', () => {
    let timeMs = 0
    const limits = open({ per_hour: 1 }, () => timeMs)
    limits.take(alice)
    timeMs = 3_600_000

    expect(limits.take(alice)).toMatchObject({ used: 1, reset: 7200 })
  })

  it('never says that nothing remains where there is no limit', () => {
    const limits = open({ per_hour: 0 })
    for (let n = 0; n < 6000; n++) limits.take(alice)

    expect(limits.take(alice)).toMatchObject({ limit: 5000, remaining: 5000 })
  })

  it('gives anonymous callers 60', () => {
    const limits = open({ per_hour: 5000 })
    for (let n = 0; n < 60; n++) limits.take(somebody)

    expect(() => limits.take(somebody)).toThrowError(/rate limit/)
  })

  it('is not for the server’s own runner, nor is any other', async () => {
    const limits = open({ per_hour: 1, points_per_minute: 1, concurrent: 1, created_per_minute: 1 })
    const own = { ...alice, isOwn: true } as const

    for (let n = 0; n < 10; n++) {
      limits.take(own)
      limits.takePoints(own, create)
      limits.enter(own)
      await limits.takeCreated(own)
    }

    expect(limits.look(own)).toMatchObject({ limit: 5000, remaining: 5000 })
  })

  it('forgets the oldest of more callers than memory should hold', () => {
    const limits = open({ per_hour: 10 })
    limits.take(alice)
    limits.take(bob)
    for (let n = 0; n < 49_999; n++) limits.take({ key: `made up ${n}`, isAnonymous: false })

    expect(limits.look(bob).used).toBe(1)
    expect(limits.look(alice).used).toBe(0)
  })
})

describe('the secondary rate limit', () => {
  const refusal = (seconds: string) =>
    expect.objectContaining({
      status: 429,
      message: expect.stringMatching(/\bsecondary rate\b/i),
      headers: { 'retry-after': seconds },
    })

  it('answers too many creations in words and headers all clients know', async () => {
    const limits = open({ created_per_minute: 1 })
    await limits.takeCreated(alice)

    await expect(limits.takeCreated(alice)).rejects.toEqual(refusal('60'))
    await limits.takeCreated(bob)
  })

  it('has creations of an hour beside those of a minute, and counts none that was refused', async () => {
    let timeMs = 0
    const limits = open({ created_per_minute: 2, created_per_hour: 3 }, () => timeMs)
    await limits.takeCreated(alice)
    await limits.takeCreated(alice)
    for (let n = 0; n < 9; n++) {
      await expect(limits.takeCreated(alice)).rejects.toEqual(refusal('60'))
    }
    timeMs = 60_000
    await limits.takeCreated(alice)

    await expect(limits.takeCreated(alice)).rejects.toEqual(refusal('3540'))
  })

  it('counts 1 for reading and 5 for anything else, for each operation by itself', () => {
    let timeMs = 0
    const limits = open({ points_per_minute: 11 }, () => timeMs)
    for (let n = 0; n < 11; n++) limits.takePoints(alice, list)
    limits.takePoints(alice, create)
    limits.takePoints(alice, create)
    timeMs = 20_500

    expect(() => limits.takePoints(alice, list)).toThrowError(refusal('40'))
    expect(() => limits.takePoints(alice, create)).toThrowError(refusal('40'))
    limits.takePoints(bob, create)
    timeMs = 60_000
    limits.takePoints(alice, create)
  })

  it('has room for so many requests at a time, and again for each that ends, once', () => {
    const limits = open({ concurrent: 2 })
    const leave = limits.enter(alice)
    limits.enter(alice)

    expect(() => limits.enter(alice)).toThrowError(refusal('1'))
    limits.enter(bob)
    leave()
    leave()
    limits.enter(alice)
    expect(() => limits.enter(alice)).toThrowError(refusal('1'))
  })

  it('is off unless it is set', async () => {
    const limits = open({})

    for (let n = 0; n < 1000; n++) {
      await limits.takeCreated(alice)
      limits.takePoints(alice, create)
      limits.enter(alice)
    }
  })
})

describe('limits of a server whose database is away', () => {
  const away = () => Promise.reject(new ConnectionLost('gone'))

  it('are its own until it is back, and what was counted meanwhile is told then', async () => {
    const told: number[] = []
    let isAway = true
    const limits = createRateLimits(
      { ...none, per_hour: 10, anonymous_per_hour: 60, created_per_minute: 2 },
      {
        clock: () => 0,
        async exchange(counts) {
          if (isAway) return await away()
          told.push(...counts.map(({ used }) => used))
          return counts.map(({ key, used }) => ({ key, used: used + 3, age_ms: 0 }))
        },
      },
    )
    limits.take(alice)
    await limits.takeCreated(alice)
    await limits.takeCreated(alice)
    await expect(limits.takeCreated(alice)).rejects.toThrow('secondary rate limit')
    await expect(limits.exchange()).rejects.toThrow(ConnectionLost)
    limits.take(alice)
    isAway = false

    await limits.exchange()
    await limits.exchange()

    expect(told).toEqual([2, 2])
    expect(limits.look(alice).used).toBe(5)
  })

  it('tell nothing of a token that turned out to be none', async () => {
    const keys: string[] = []
    const limits = createRateLimits(
      { ...none, per_hour: 10, anonymous_per_hour: 60, points_per_minute: 10 },
      {
        clock: () => 0,
        async exchange(counts) {
          keys.push(...counts.map(({ key }) => key))
          return []
        },
      },
    )
    for (const caller of [alice, bob]) {
      limits.take(caller)
      limits.takePoints(caller, list)
    }
    limits.take(somebody)
    limits.withhold(alice, list)
    limits.withhold(somebody, list)

    await limits.exchange()

    expect(keys.toSorted()).toEqual([
      'points bob GET /agents/tasks',
      'requests 127.0.0.1',
      'requests bob',
    ])
    expect(limits.look(alice).used).toBe(1)
  })
})
