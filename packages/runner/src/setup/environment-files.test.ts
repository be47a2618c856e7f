import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { maySet, parseAssignments, parsePaths } from './environment-files.ts'

describe('a file of assignments', () => {
  it.each([
    ['A=1\nB=two words\n', { A: '1', B: 'two words' }],
    ['A=1=2\r\n\r\nB=\r\n', { A: '1=2', B: '' }],
    ['A<<END\none\ntwo\nEND\nB=3', { A: 'one\ntwo', B: '3' }],
    ['A<<END\nEND\n', { A: '' }],
    ['A=x<<y\n', { A: 'x<<y' }],
    ['A=1\nA=2\n', { A: '2' }],
  ])('%j is %j', (text, values) => {
    expect(parseAssignments(text, 'GITHUB_ENV')).toEqual({ values, problems: [] })
  })

  it.each([
    ['A=1\nnothing\nB=2', { A: '1' }, 'no NAME=value'],
    ['A<<END\none\n', {}, 'does not end the value of A'],
    ['A<<\none\n', {}, 'does not end the value of A'],
    [`A=${'x'.repeat(70_000)}\nB=2`, { B: '2' }, 'no program could be given'],
    ['A=\0\n', {}, 'no program could be given'],
    [
      Array.from({ length: 1100 }, (_, at) => `V${at}=1`).join('\n'),
      { V999: '1' },
      'more than can be kept',
    ],
  ])('%j is taken as far as it can be, and told of', (text, values, problem) => {
    const read = parseAssignments(text, 'GITHUB_ENV')

    expect(read.values).toMatchObject(values)
    expect(read.problems).toEqual([expect.stringContaining(problem)])
  })

  it('gives back whatever value is written with a word that is not in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        fc.pre(!/[\r\0]/.test(value) && !value.split('\n').includes('EOF'))

        expect(parseAssignments(`A<<EOF\n${value}\nEOF\n`, 'x').values).toEqual({ A: value })
      }),
    )
  })
})

it.each([
  ['LEVEL', true],
  ['LD_LIBRARY_PATH', true],
  ['NODE_OPTIONS', false],
  ['node_options', false],
  ['GITHUB_TOKEN', false],
  ['RUNNER_TEMP', false],
  ['A-B', false],
])('a step may set %s for those after it: %j', (name, may) => {
  expect(maySet(name)).toBe(may)
})

it('folders are taken in their order, and no line that is none', () => {
  expect(parsePaths(`/a\n\n/b\r\n${'x'.repeat(5000)}\n`)).toEqual(['/a', '/b'])
})
