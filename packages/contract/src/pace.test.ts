import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPace } from './pace.ts'

const never = new AbortController().signal

describe('the pace', () => {
  it('keeps to each of GitHub’s limits, whatever happens between the creates', async () => {
    const step = fc.oneof(
      fc.record({ idleMs: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ pauseMs: fc.integer({ min: 0, max: 120_000 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 300 }), async (steps) => {
        let clock = 1_000_000_000
        const pace = createPace(false, [], () => clock)
        const sent: number[] = []
        for (const next of steps) {
          if ('pauseMs' in next) pace.pause(next.pauseMs)
          else clock += next.idleMs
          const pausedUntil = 'pauseMs' in next ? clock + next.pauseMs : 0
          clock += pace.waitMs()
          await pace.turn(never)
          expect(clock).toBeGreaterThanOrEqual(pausedUntil)
          sent.push(clock)
        }
        expect(mostWithin(sent, 1000)).toBeLessThanOrEqual(1)
        expect(mostWithin(sent, 60_000)).toBeLessThanOrEqual(80)
        expect(mostWithin(sent, 3_600_000)).toBeLessThanOrEqual(500)
      }),
    )
  })

  it('sends 80 in a minute and 500 in an hour at most, also after a restart', async () => {
    let clock = 1_000_000_000
    const first = createPace(false, [], () => clock)
    const sent: number[] = []
    for (let count = 0; count < 300; count += 1) {
      clock += first.waitMs()
      await first.turn(never)
      sent.push(clock)
    }
    const second = createPace(false, sent, () => clock)
    for (let count = 0; count < 300; count += 1) {
      clock += second.waitMs()
      await second.turn(never)
      sent.push(clock)
    }

    expect(mostWithin(sent, 60_000)).toBe(60)
    expect(mostWithin(sent, 3_600_000)).toBe(500)
  })

  it('counts a create from its answer, however long that took', async () => {
    let clock = 1_000_000_000
    const pace = createPace(false, [], () => clock)
    await pace.turn(never)
    clock += 900
    pace.ended()

    expect(pace.waitMs()).toBe(1000)
  })

  it('does not hold an Errand back, but as long as it asks for', async () => {
    let clock = 1_000_000_000
    const pace = createPace(true, [], () => clock)

    for (let count = 0; count < 1000; count += 1) await pace.turn(never)
    expect(pace.waitMs()).toBe(0)
    pace.pause(3000)
    expect(pace.waitMs()).toBe(3000)
    clock += 3000
    expect(pace.waitMs()).toBe(0)
  })

  it('ends its wait with the command', async () => {
    const pace = createPace(false)
    pace.pause(60_000)
    const stopping = new AbortController()

    const turn = pace.turn(stopping.signal)
    stopping.abort(new Error('stopped'))

    await expect(turn).rejects.toThrow('stopped')
  })
})

/** How many lie within any span of so many milliseconds. */
function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(
    0,
    ...times.map((start) => times.filter((time) => time >= start && time < start + ms).length),
  )
}
