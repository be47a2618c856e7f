import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseSearchQuery, searchQualifiers } from './search-query.ts'

it('qualifiers, words, quotes and negations are read', () => {
  const terms = parseSearchQuery(
    'is:open label:bug,x -label:"good first issue" Author:ada crash "at start: -now"',
  )

  expect(terms).toEqual([
    { negated: false, qualifier: 'is', values: ['open'] },
    { negated: false, qualifier: 'label', values: ['bug', 'x'] },
    { negated: true, qualifier: 'label', values: ['good first issue'] },
    { negated: false, qualifier: 'author', values: ['ada'] },
    { negated: false, qualifier: 'text', values: ['crash'] },
    { negated: false, qualifier: 'text', values: ['at start: -now'] },
  ])
})

it.each([
  ['milestone:3', "the qualifier 'milestone:'"],
  ['repo:acme/shop is:open', "the qualifier 'repo:'"],
  ['is:locked', 'is: takes open, closed'],
  ['state:merged', 'state: takes open, closed'],
  ['see http://example.com', "the qualifier 'http:'"],
  ['"no end', 'cannot be read'],
  ['label:', 'cannot be read'],
])('%s is refused, not taken for none', (query, message) => {
  expect(() => parseSearchQuery(query)).toThrow(message)
})

it('whatever is written is read or refused, never anything else', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(...searchQualifiers).map((name) => `${name}:open`),
    fc.constantFrom('"', '-', ':', ' ', '\\', ',', '\n'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      let values: unknown[] = []
      try {
        values = parseSearchQuery(pieces.join('')).flatMap((term) => term.values)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
      }
      expect(values.every((value) => typeof value === 'string')).toBe(true)
    }),
  )
})

it('a long query takes no long time', () => {
  expect(() => parseSearchQuery(`${'-'.repeat(500)}:`)).not.toThrow(TypeError)
})
