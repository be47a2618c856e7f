import { expect, it } from 'vitest'

import { createSample } from './sample.ts'

const event = `data: ${'x'.repeat(1000)}\n\n`
const events = (count: number): Buffer => Buffer.from(event.repeat(count))

it('reads the beginning of a stream, and whole events only', () => {
  const sample = createSample(() => 1)

  const lengths = [10, 100, 100].map((count) => sample.wants(events(count), false))

  // 16 kB end in the seventeenth event.
  expect(lengths).toEqual([10 * event.length, 7 * event.length, 0])
})

it('reads whole what must be, and a part of what chance picks', () => {
  const sample = createSample(() => 0)

  const lengths = [true, false].map((must) => sample.wants(events(100), must))

  expect(lengths).toEqual([100 * event.length, 17 * event.length])
})

it('takes what it has not read to be like what it has', () => {
  const sample = createSample(() => 1)
  const read = sample.wants(events(100), false) / event.length
  sample.add(read * 1000)

  expect(sample.written()).toBe(100_000)
})

it.each(['\n', '\r\n', '\r'])('ends with an event where lines end with %j', (end) => {
  const sample = createSample()
  const one = `data: ${'x'.repeat(9000)}${end}${end}`

  expect(sample.wants(Buffer.from(one.repeat(4)), false)).toBe(2 * one.length)
})
