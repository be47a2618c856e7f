import { expect, it } from 'vitest'
import { fillIn } from './fill-in.ts'

const values = { model: 'a "quoted" model', size: 8, words: ['x', 'y'], gateway: 'http://g' }

it.each([
  ['a text', '${gateway}/v1', 'http://g/v1'],
  ['a number for a whole text', { limit: '${size}' }, '{"limit":8}'],
  ['a number in a text', 'at most ${size}', 'at most 8'],
  ['a list', ['${words}'], '[["x","y"]]'],
  [
    'keys, and what would break JSON',
    { '${model}': '${model}' },
    JSON.stringify({ [values.model]: values.model }),
  ],
  ['nothing, where there is no placeholder', '$HOME {x}', '$HOME {x}'],
])('fills in %s', (_, template, text) => {
  expect(fillIn(template, values)).toBe(text)
})

it('does not read placeholders out of what was put in', () => {
  expect(fillIn('${model}', { model: '${gateway}', gateway: 'x' })).toBe('${gateway}')
})

it('says what is missing', () => {
  expect(() => fillIn('${context_window}', values)).toThrow(/needs context_window/)
})
