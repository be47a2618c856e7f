import { ErrandError } from '@errand/contract'
import { array, assert, constantFrom, oneof, property, string } from 'fast-check'
import { expect, it } from 'vitest'
import { parseQuery } from './parse-query.ts'

/** How many terms a query has, or the status of its refusal. */
function outcomeOf(q: string): { terms: number } | { status: number } {
  try {
    const { words, qualifiers } = parseQuery(q)
    return { terms: words.length + qualifiers.length }
  } catch (error) {
    if (error instanceof ErrandError) return { status: error.status }
    throw error
  }
}

it('of whatever is typed becomes a query of something, or an error that is the caller’s', () => {
  const piece = constantFrom('org:', 'in:', '"', '-', ' ', 'NOT ', 'name', 'a/b', ':', 'true', 'é')
  const typed = oneof(
    string({ unit: 'binary' }),
    array(piece).map((all) => all.join('')),
  )
  assert(
    property(typed, (q) => {
      const outcome = outcomeOf(q)
      return 'terms' in outcome ? outcome.terms > 0 : outcome.status === 422
    }),
  )
})

it('reads words, phrases and qualifiers, each turned round by what stands before it', () => {
  const q = 'Pay -"old shop" ORG:Acme NOT topic:x -language:"Common Lisp" in:name,topic'

  expect(parseQuery(q)).toEqual({
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
