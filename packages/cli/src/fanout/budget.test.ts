import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askBudget, spentNano } from './budget.ts'
import { forecastOf } from './forecast.ts'
import { applyRecord, plannedProgress, type Progress } from './progress.ts'

const at = '2026-11-23T12:00:00Z'
const planned = (count: number): Progress[] =>
  Array.from({ length: count }, (_, place) =>
    plannedProgress({ repository: `acme/r${place}`, prompt: 'p' }),
  )

function ended(progress: Progress, nano?: number, seconds = 60): Progress {
  const { repository, attempt } = progress
  const record = { type: 'ended', at, repository, attempt, state: 'completed', seconds } as const
  return applyRecord(progress, {
    ...record,
    ...(nano !== undefined && { usage: { type: 'ai_credits', amount: nano } }),
  })
}

describe('a budget', () => {
  it('is never passed where no task costs more than those before, whatever order they end in', () => {
    const plan = fc.record({
      limit: fc.integer({ min: 1, max: 40 }),
      count: fc.integer({ min: 1, max: 20 }),
      picks: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
    })
    fc.assert(
      fc.property(plan, ({ limit, count, picks }) => {
        const all = planned(count)
        const open: number[] = []
        for (const pick of picks) {
          const next = all.findIndex(
            ({ step }, place) => step === 'planned' && !open.includes(place),
          )
          const verdict = askBudget(limit, all, open.length)
          if (verdict.type === 'stop') break
          if (verdict.type === 'send' && next >= 0) open.push(next)
          else if (open.length > 0) {
            const [place = 0] = open.splice(pick % open.length, 1)
            all[place] = ended(all[place]!, 3e9)
          }
        }
        // Only the first is sent without knowing what it costs.
        expect(spentNano(all)).toBeLessThanOrEqual(Math.max(3e9, limit * 1e9))
      }),
    )
  })

  it('sends one task to learn what it costs', () => {
    expect([askBudget(9, planned(3), 0).type, askBudget(9, planned(3), 1).type]).toEqual([
      'send',
      'wait',
    ])
  })

  it('says what was spent, and what the next would cost', () => {
    const [first, ...rest] = planned(3)
    expect(askBudget(3, [ended(first!, 2e9), ...rest], 0)).toEqual({
      type: 'stop',
      reason: '2 AI credits of 3 are spent, and another task would cost about 2 AI credits',
    })
  })

  it('cannot be kept where the server does not tell what a task has cost', () => {
    const [first, ...rest] = planned(2)
    expect(askBudget(3, [ended(first!), ...rest], 0)).toMatchObject({ type: 'stop' })
  })

  it('counts what earlier attempts have cost', () => {
    const [first] = planned(1)
    const { repository } = first!
    const again = applyRecord(ended(first!, 2e9), { type: 'retry', at, repository, attempt: 2 })
    const sending = applyRecord(again, { type: 'sending', at, repository, attempt: 2 })
    const sent = applyRecord(sending, { type: 'sent', at, repository, attempt: 2, task_id: 't' })
    expect([again, sending, sent].map((progress) => spentNano([progress]))).toEqual([2e9, 2e9, 2e9])
    expect(spentNano([ended(sent, 1e9)])).toBe(3e9)
  })

  it('that is spent admits no retry, also while no task of it has ended', () => {
    const all = planned(2).map((progress) => {
      const { repository } = progress
      return applyRecord(ended(progress, 9e9), { type: 'retry', at, repository, attempt: 2 })
    })

    expect(askBudget(10, all, 0)).toEqual({
      type: 'stop',
      reason: '18 AI credits of 10 are spent',
    })
    expect(askBudget(10, all, 1)).toEqual({ type: 'wait' })
    expect(askBudget(20, all, 0)).toEqual({ type: 'send' })
  })
})

describe('a forecast', () => {
  it('is by the median of those that completed, and how many are open', () => {
    const all = planned(9)
    for (const [place, seconds] of [30, 60, 600].entries()) {
      all[place] = ended(all[place]!, 1e9, seconds)
    }
    for (const place of [3, 4]) all[place] = { ...all[place]!, step: 'open', state: 'in_progress' }

    // Six are left, two at a time: three rounds of a minute.
    expect(forecastOf(all)).toEqual({ remaining: 6, seconds: 180, nano: 9e9 })
    expect(forecastOf(planned(4))).toEqual({ remaining: 4 })
  })
})
