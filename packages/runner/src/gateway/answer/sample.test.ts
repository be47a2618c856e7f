import { expect, it } from 'vitest'

import { createSample } from './sample.ts'

const event = `data: ${'x'.repeat(1000)}\n\n`
const events = (count: number): Buffer => Buffer.from(event.repeat(count))

const lengthsOf = (parts: readonly Buffer[]): number[] => parts.map(({ length }) => length)

it('reads the beginning of a stream, and whole events only', () => {
  const sample = createSample(() => 1)

  const picked = [5, 100, 100].map((count) => lengthsOf(sample.pick(events(count), () => -1)))

  // 8 kB end in the ninth event.
  expect(picked).toEqual([[5 * event.length], [4 * event.length], []])
})

it('reads whole what must be, and a part of what chance picks', () => {
  const sample = createSample(() => 0)
  const markedAt = 90 * event.length + 500

  const picked = [markedAt, -1].map((at) => lengthsOf(sample.pick(events(100), () => at)))

  expect(picked).toEqual([[9 * event.length, 10 * event.length], [17 * event.length]])
})

it('reads nothing twice where what must be read is in what is read anyway', () => {
  const sample = createSample()

  expect(lengthsOf(sample.pick(events(20), () => 3 * event.length))).toEqual([
    9 * event.length,
    11 * event.length,
  ])
})

it('takes what it has not read to be like what it has', () => {
  const sample = createSample(() => 1)
  const [read = 0] = lengthsOf(sample.pick(events(100), () => -1))
  sample.add((read / event.length) * 1000)

  expect(sample.written()).toBe(100_000)
})

it.each(['\n', '\r\n', '\r'])('ends with an event where lines end with %j', (end) => {
  const sample = createSample()
  const one = `data: ${'x'.repeat(9000)}${end}${end}`

  expect(lengthsOf(sample.pick(Buffer.from(one.repeat(4)), () => -1))).toEqual([one.length])
})
