import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellWidth } from '../terminal/cell-width.ts'
import { type Group, groups } from './count-progress.ts'
import { layoutLiveTable, type LiveRow, type Window } from './live-table.ts'

const plain: Window['paint'] = (_, text) => text
const window = (columns: number, rows: number): Window => ({ columns, rows, paint: plain })

const rows: LiveRow[] = [
  { repository: 'acme/a', group: 'completed', pull: '#7 open', checks: '2/2 passed', time: '1:05' },
  { repository: 'acme/b', group: 'queued', time: '0:03' },
  { repository: 'acme/c', group: 'waiting_for_user', time: '2:00', note: 'Which port?' },
  { repository: 'acme/d', group: 'failed', cost: '0.10 credits', note: 'no tests' },
]

describe('the live table', () => {
  it('shows those that need somebody first, and only columns that say something', () => {
    expect(layoutLiveTable(rows, ['4 tasks'], window(100, 24))).toEqual([
      'REPOSITORY  STATE             PULL REQUEST  CHECKS      COST          TIME',
      'acme/c      waiting for user                                          2:00  Which port?',
      'acme/d      failed                                      0.10 credits        no tests',
      'acme/b      queued                                                    0:03',
      'acme/a      completed         #7 open       2/2 passed                1:05',
      '4 tasks',
    ])
  })

  it('counts what does not fit the height', () => {
    const many = Array.from({ length: 200 }, (_, at): LiveRow => {
      return { repository: `acme/r${at}`, group: at === 150 ? 'waiting_for_user' : 'queued' }
    })

    const lines = layoutLiveTable(many, ['sums'], window(80, 10))

    expect(lines).toHaveLength(9)
    expect(lines[1]).toContain('acme/r150')
    expect(lines.slice(-2)).toEqual(['and 194 more', 'sums'])
  })

  it('does without columns in a narrow window, and cuts names last', () => {
    expect(layoutLiveTable(rows, [], window(30, 24))).toEqual([
      'REPOSITORY  STATE',
      'acme/c      waiting for user',
      'acme/d      failed',
      'acme/b      queued',
      'acme/a      completed',
    ])
    expect(layoutLiveTable(rows, [], window(20, 24))[0]).toBe('R…  STATE')
  })

  it('lets no name, title or question move the cursor', () => {
    const evil = 'x\u001b[2J\u001b]0;owned\u0007\r\n\u202egnp'
    const row: LiveRow = { repository: evil, group: 'failed', pull: evil, note: evil }

    const [, line] = layoutLiveTable([row], [], window(200, 5))

    expect(line).toMatch(/^x\^\[\[2J\^\[\]0;owned\^G <U\+202E>gnp {2}failed/)
  })

  it('never is wider or higher than its window, whatever it holds', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 })
    const row = fc.record(
      { repository: text, group: fc.constantFrom<Group>(...groups), pull: text, note: text },
      { requiredKeys: ['repository', 'group'] },
    )
    const size = fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 2, max: 12 }))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), size, (all, [columns, height]) => {
        const lines = layoutLiveTable(all, ['a total line'], window(columns, height))
        expect(lines.length).toBeLessThan(height)
        for (const line of lines) expect(cellWidth(line)).toBeLessThanOrEqual(columns)
      }),
    )
  })
})
