import { ErrandError } from '@errand/contract'
import { constantFrom, property, assert as check, string, array, tuple, oneof } from 'fast-check'
import { expect, it } from 'vitest'
import { readPhrase } from './audit-phrase.ts'

const lists = { action: 'actions', actor: 'actors', repo: 'repositories' } as const

it('reads every value that can be said, in quotes or without, and nothing else of it', () => {
  const name = constantFrom('action', 'actor', 'repo')
  const plain = string({ unit: 'grapheme', minLength: 1 }).filter((text) => /^[^\s"]+$/.test(text))
  const quoted = string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('"'))
  const word = oneof(
    tuple(name, plain).map(([key, value]) => ({ key, value, text: `${key}:${value}` })),
    tuple(name, quoted).map(([key, value]) => ({ key, value, text: `${key}:"${value}"` })),
  )
  check(
    property(array(word), constantFrom(' ', '  ', '\t'), (said, blank) => {
      const filter = readPhrase(said.map(({ text }) => text).join(blank))

      for (const key of Object.keys(lists) as (keyof typeof lists)[]) {
        const values = said.filter((item) => item.key === key).map(({ value }) => value)
        expect(filter[lists[key]] ?? []).toEqual(values)
      }
    }),
  )
})

it('a word is a qualifier that is known, or refused: none is left out', () => {
  const inherited = Object.getOwnPropertyNames(Object.prototype)
  const name = oneof(
    constantFrom(...inherited),
    string().filter((text) => !(text in lists)),
  )
  check(
    property(name, string(), (key, value) => {
      const phrase = `${key}:${value}`
      const isDate = key === 'created'
      expect(isDate || isRefused(phrase) || Object.keys(readPhrase(phrase)).length > 0).toBe(true)
    }),
  )
  expect(inherited.filter((key) => !isRefused(`${key}:x`))).toEqual([])
})

/** @throws whatever else is thrown: a phrase is anybody's */
function isRefused(phrase: string): boolean {
  try {
    readPhrase(phrase)
    return false
  } catch (error) {
    if (!(error instanceof ErrandError)) throw error
    return true
  }
}

it.each(['actor:"a b', 'actor:""', 'actor:a"b"', '"actor:x"'])('%s is not understood', (phrase) => {
  expect(() => readPhrase(phrase)).toThrow(ErrandError)
})
