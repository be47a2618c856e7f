import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { describeOnEachStore } from '../testing/stores.ts'
import { exchangeRateCounts, sweepRateWindows } from './exchange-rate-counts.ts'

const minute = 60_000

describeOnEachStore('counts of several servers', (on) => {
  const add = async (key: string, used: number) =>
    (await exchangeRateCounts(on.store, [{ key, length_ms: minute, used }]))[0]

  it('are added up in one window, until it is over', async () => {
    await add('a', 3)
    on.clock.advance({ seconds: 20 })
    const within = await add('a', 4)
    on.clock.advance({ seconds: 39 })
    const last = await add('a', 1)
    on.clock.advance({ seconds: 1 })
    const next = await add('a', 2)

    expect(within).toEqual({ key: 'a', used: 7, age_ms: 20_000 })
    expect(last).toEqual({ key: 'a', used: 8, age_ms: 59_000 })
    expect(next).toEqual({ key: 'a', used: 2, age_ms: 0 })
  })

  it('are taken back as well', async () => {
    await add('a', 3)

    expect((await add('a', -2))?.used).toBe(1)
  })

  it('of one key are nothing to another', async () => {
    await exchangeRateCounts(on.store, [
      { key: 'b', length_ms: minute, used: 1 },
      { key: 'a', length_ms: minute, used: 5 },
    ])

    const totals = await exchangeRateCounts(on.store, [
      { key: 'a', length_ms: minute, used: 1 },
      { key: 'b', length_ms: minute, used: 1 },
    ])

    expect(totals.toSorted((x, y) => x.key.localeCompare(y.key))).toMatchObject([
      { key: 'a', used: 6 },
      { key: 'b', used: 2 },
    ])
  })

  it('none of which is lost when many exchange them at once, in any order', async () => {
    const keys = ['a', 'b', 'c', 'd']
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const turned = [...keys.slice(n % 4), ...keys.slice(0, n % 4)]
        return exchangeRateCounts(
          on.store,
          turned.map((key) => ({ key, length_ms: minute, used: 1 })),
        )
      }),
    )

    expect((await add('d', 0))?.used).toBe(40)
  })

  it('go when their window is over', async () => {
    await add('old', 1)
    on.clock.advance({ minutes: 3 })
    await add('new', 1)

    await sweepRateWindows(on.store)

    const left = await sql<{ key: string }>`select key from rate_windows`.execute(on.store.db)
    expect(left.rows).toEqual([{ key: 'new' }])
  })
})
