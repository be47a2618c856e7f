import { expect, it } from 'vitest'
import { eventTextLimit, storableJson, storableText } from './storable-json.ts'

it.each([
  ['plain', 'plain'],
  ['nul \u0000', 'nul \uFFFD'],
  ['lone \uD800 surrogate', 'lone \uFFFD surrogate'],
  ['a pair 😀 stays', 'a pair 😀 stays'],
])('makes %j storable', (text, stored) => {
  expect(storableText(text)).toBe(stored)
})

it('cuts a text at its limit, and never within a pair', () => {
  expect(storableText('abcdef', 3)).toBe('abc… [cut]')
  expect(storableText('ab😀', 3)).toBe('ab\uFFFD… [cut]')
})

it('keeps an ordinary value as it is', () => {
  const value = { a: [1, 'two', null, true, { b: 0.5 }], c: '' }

  expect(storableJson(value)).toEqual(value)
})

it('drops what JSON cannot say', () => {
  expect(storableJson({ a: undefined, b: () => 1, c: Number.NaN, d: [undefined] })).toEqual({
    c: null,
    d: [null],
  })
})

it.each([
  ['one endless text', 'x'.repeat(5_000_000)],
  ['many long texts', Array.from({ length: 5000 }, () => 'x'.repeat(100_000))],
  [
    'many long keys',
    Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${'k'.repeat(1000)}${i}`, i])),
  ],
  ['many lists', Array.from({ length: 1000 }, () => Array.from({ length: 1000 }, () => 1))],
])('cuts %s to a size that can be stored', (_name, value) => {
  const stored = JSON.stringify(storableJson({ value }))

  expect(stored.length).toBeLessThan(4 * eventTextLimit)
})

it('cuts what is nested too deep for a stack', () => {
  let value: unknown = 'core'
  for (let depth = 0; depth < 100_000; depth += 1) value = [value]

  expect(JSON.stringify(storableJson(value))).toMatch(/nested too deep/)
})
