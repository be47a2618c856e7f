import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { createFinder } from './find-any.ts'

it('finds what looking for each of them finds, wherever they overlap', () => {
  // Few letters, so that there is much to be found.
  const text = (minLength: number, maxLength: number) =>
    fc
      .string({ unit: fc.constantFrom('a', 'b', 'é'), minLength, maxLength })
      .map((one) => Buffer.from(one))
  const needles = fc.array(text(2, 6), { maxLength: 5 })
  fc.assert(
    fc.property(needles, text(0, 60), (wanted, bytes) => {
      const places = wanted.flatMap((needle) =>
        Array.from({ length: bytes.length }, (_, start) => ({
          start,
          end: start + needle.length,
        })).filter(({ start, end }) => bytes.subarray(start, end).equals(needle)),
      )
      const order = (one: { start: number; end: number }): string => `${one.start}-${one.end}`

      expect(createFinder(wanted)(bytes).map(order).toSorted()).toEqual(
        places.map(order).toSorted(),
      )
    }),
  )
})

it('refuses a needle of one byte', () => {
  expect(() => createFinder([Buffer.from('a')])).toThrow(RangeError)
})
