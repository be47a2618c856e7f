import { expect, it } from 'vitest'
import { watchProgress } from './watch-progress.ts'

it('sees circles of any length, and forgives them for something new', () => {
  const progress = watchProgress()
  const ways = ['a', 'b', 'a', 'b', 'a', 'c', 'a', 'b', 'c', 'a', 'b', 'c', 'a', 'b'].map((step) =>
    progress.note([step]),
  )

  expect(ways.slice(0, 6)).toEqual(['new', 'new', 'repeated', 'repeated', 'to_be_told', 'new'])
  expect(ways.slice(6)).toEqual([
    'repeated',
    'repeated',
    'to_be_told',
    'repeated',
    'repeated',
    'repeated',
    'repeated',
    'stuck',
  ])
})
