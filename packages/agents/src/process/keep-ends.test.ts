import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { cutMiddle } from './keep-ends.ts'

it('leaves no half of a character where it cuts', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '👋'), maxLength: 40 })
  fc.assert(
    fc.property(text, fc.nat(40), (text, limit) => {
      expect(cutMiddle(text, limit).isWellFormed()).toBe(true)
    }),
  )
})
