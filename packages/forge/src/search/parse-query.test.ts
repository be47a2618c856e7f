import { ErrandError } from '@errand/contract'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseQuery } from './parse-query.ts'

it('of whatever is typed becomes a query, or an error that is the caller’s', () => {
  const pieces = fc.constantFrom(
    'org:',
    'in:',
    '"',
    '-',
    ' ',
    'NOT ',
    'name',
    'a/b',
    ':',
    'true',
    'é',
  )
  const typed = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(typed, (q) => {
      try {
        const { words, qualifiers } = parseQuery(q)
        expect(words.length + qualifiers.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(ErrandError)
        expect(error).toMatchObject({ status: 422 })
      }
    }),
  )
})

it('reads words, phrases and qualifiers, each turned round by what stands before it', () => {
  expect(
    parseQuery('Pay -"old shop" ORG:Acme NOT topic:x -language:"Common Lisp" in:name,topic'),
  ).toEqual({
    words: [
      { text: 'pay', isNegated: false },
      { text: 'old shop', isNegated: true },
    ],
    places: ['name', 'topics'],
    qualifiers: [
      { key: 'org', value: 'acme', isNegated: false },
      { key: 'topic', value: 'x', isNegated: true },
      { key: 'language', value: 'common lisp', isNegated: true },
    ],
  })
})
