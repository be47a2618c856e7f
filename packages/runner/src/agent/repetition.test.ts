import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { longestCycle, type Repeated, watchRepetition } from './repetition.ts'

interface Done {
  tool: string
  result: string
}

const limit = 3

/** What was repeated how often, where all this was done one after the other. */
function repeatedIn(all: readonly Done[]): Repeated[] {
  const found: Repeated[] = []
  const repetition = watchRepetition({ limit, onRepeated: (one) => found.push(one) })
  for (const [at, done] of all.entries()) {
    repetition.note(start(`${at}`, done))
    repetition.note(end(`${at}`, done))
  }
  return found
}

const start = (toolCallId: string, { tool }: Done) => ({
  sessionUpdate: 'tool_call',
  toolCallId,
  title: tool,
  kind: 'execute',
  status: 'in_progress',
  rawInput: { command: tool },
})
const end = (toolCallId: string, { result }: Done) => ({
  sessionUpdate: 'tool_call_update',
  toolCallId,
  status: 'completed',
  content: [{ type: 'content', content: { type: 'text', text: result } }],
  rawOutput: { took: Math.random() },
})
const isTooOften = (found: Repeated[]): boolean => found.some(({ times }) => times === limit)

const done = fc.record({ tool: fc.constantFrom('a', 'b', 'c'), result: fc.constantFrom('1', '2') })
const isSame = (a: Done | undefined, b: Done | undefined): boolean =>
  a !== undefined && b !== undefined && a.tool === b.tool && a.result === b.result

/** The rule as the documents have it, tried everywhere. */
function isRepeatedIn(all: readonly Done[]): boolean {
  return all.some((_, from) =>
    Array.from({ length: longestCycle }, (__, at) => at + 1).some((calls) => {
      const row = all.slice(from, from + limit * calls)
      return (
        row.length === limit * calls && row.slice(calls).every((one, at) => isSame(one, row[at]))
      )
    }),
  )
}

describe('doing the same', () => {
  it('is seen exactly where a row of one to four calls comes as often as the limit', () => {
    fc.assert(
      fc.property(fc.array(done, { maxLength: 40 }), (all) => {
        expect(isTooOften(repeatedIn(all))).toBe(isRepeatedIn(all))
      }),
      { numRuns: 500 },
    )
  })

  it('is seen after anything, for every row of calls that is repeated', () => {
    const row = fc.array(done, { minLength: 1, maxLength: longestCycle })
    fc.assert(
      fc.property(fc.array(done), row, (before, repeated) => {
        const all = [...before, ...Array.from({ length: limit }, () => repeated).flat()]
        expect(isTooOften(repeatedIn(all))).toBe(true)
      }),
    )
  })

  it('is not seen in polling whose result changes before the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(limit - 2), { maxLength: 30 }), (repeats) => {
        const all = repeats.flatMap((times, at) =>
          Array.from({ length: times + 1 }, () => ({ tool: 'poll', result: `state ${at}` })),
        )
        expect(isTooOften(repeatedIn(all))).toBe(false)
      }),
    )
  })

  it('counts up to the limit, for each length of a row', () => {
    const same = { tool: 'a', result: '1' }

    expect(repeatedIn([same, same, same, same])).toEqual([
      { times: 2, calls: 1 },
      { times: 3, calls: 1 },
      { times: 2, calls: 2 },
    ])
  })

  it('does not depend on which of the calls made at a time ends first', () => {
    const found: Repeated[] = []
    const repetition = watchRepetition({ limit, onRepeated: (one) => found.push(one) })
    const [a, b] = [
      { tool: 'a', result: '1' },
      { tool: 'b', result: '1' },
    ]
    for (const round of [0, 1, 2]) {
      repetition.note(start(`a${round}`, a))
      repetition.note(start(`b${round}`, b))
      const ends = [end(`a${round}`, a), end(`b${round}`, b)]
      for (const one of round === 1 ? ends.toReversed() : ends) repetition.note(one)
    }

    expect(found).toEqual([
      { times: 2, calls: 2 },
      { times: 3, calls: 2 },
    ])
  })

  it('begins anew when it is cleared', () => {
    const found: Repeated[] = []
    const repetition = watchRepetition({ limit, onRepeated: (one) => found.push(one) })
    const same = { tool: 'a', result: '1' }
    for (const at of [0, 1, 2, 3]) {
      if (at === 2) repetition.clear()
      repetition.note(start(`${at}`, same))
      repetition.note(end(`${at}`, same))
    }

    expect(found.map(({ times }) => times)).toEqual([2, 2])
  })
})

it.each([
  ['its result', { rawInput: { command: 'a' } }],
  ['its arguments', { content: [] }],
])('a call that does not tell %s is like no other', (_, told) => {
  const found: Repeated[] = []
  const repetition = watchRepetition({ limit, onRepeated: (one) => found.push(one) })
  for (const at of [0, 1, 2, 3]) {
    const call = { sessionUpdate: 'tool_call', toolCallId: `${at}`, status: 'completed' }
    repetition.note({ ...call, title: 'a', ...told })
  }

  expect(found).toEqual([])
})

it('takes anything an agent may send', () => {
  fc.assert(
    fc.property(fc.array(fc.anything()), (updates) => {
      const repetition = watchRepetition({ limit, onRepeated: () => undefined })
      for (const update of updates) repetition.note(update)
      for (const fields of updates) {
        const update = { sessionUpdate: 'tool_call', toolCallId: 'a', status: 'completed' }
        repetition.note({ ...update, rawInput: fields, content: fields })
      }
    }),
  )
})

it('keeps few of the calls that never end', () => {
  const found: Repeated[] = []
  const repetition = watchRepetition({ limit, onRepeated: (one) => found.push(one) })
  for (let at = 0; at < 300; at += 1)
    repetition.note(start(`open-${at}`, { tool: 'a', result: '' }))
  const same = { tool: 'b', result: '1' }
  for (let at = 0; at < 200; at += 1) {
    repetition.note(start(`${at}`, same))
    repetition.note(end(`${at}`, same))
  }

  expect(isTooOften(found)).toBe(true)
})
