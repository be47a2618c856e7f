import { expect, it } from 'vitest'
import { createReadPace, githubReadsAMinute } from './read-pace.ts'

const { signal } = new AbortController()

/** A pace by a clock that a wait moves. */
function paceByClock(mostAMinute?: number) {
  const clock = { ms: 1_000_000, told: [] as number[] }
  const pace = createReadPace({
    ...(mostAMinute !== undefined && { mostAMinute }),
    onWait: (until) => clock.told.push(until),
    now: () => clock.ms,
    sleep: (ms) => Promise.resolve(void (clock.ms += ms)),
  })
  return { clock, pace }
}

it('keeps under what GitHub takes in a minute, and tells of each wait once', async () => {
  const { clock, pace } = paceByClock(githubReadsAMinute)
  const sentAt: number[] = []
  for (let count = 0; count < 2000; count += 1) {
    await pace.turn(signal)
    sentAt.push(clock.ms)
    clock.ms += 10
  }

  const busiest = Math.max(
    ...sentAt.map((at) => sentAt.filter((other) => other >= at && other < at + 60_000).length),
  )
  expect(busiest).toBe(githubReadsAMinute)
  expect(clock.told).toHaveLength(2)
})

it('sends nothing until the reset when nothing is left, and for as long as it is asked to wait', async () => {
  const { clock, pace } = paceByClock()

  pace.heed(new Headers({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '9999' }))
  await pace.turn(signal)
  expect(clock.ms).toBe(1_000_000)
  pace.heed(new Headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1300' }))
  await pace.turn(signal)
  expect(clock.ms).toBe(1_300_000)
  pace.pause(60_000)
  await pace.turn(signal)
  expect([clock.ms, clock.told]).toEqual([1_360_000, [1_300_000, 1_360_000]])
})

it('is put off by no server for longer than an hour', async () => {
  const { clock, pace } = paceByClock()

  pace.heed(new Headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9999999999' }))
  pace.pause(1e12)
  await pace.turn(signal)
  expect(clock.ms).toBe(1_000_000 + 61 * 60_000)
})

it('takes no nonsense of a server for a time', async () => {
  const { clock, pace } = paceByClock()
  for (const reset of ['', 'soon', '-5', 'NaN']) {
    pace.heed(new Headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }))
  }
  await pace.turn(signal)

  expect(clock.ms).toBe(1_000_000)
})
