import { describe, expect, it } from 'vitest'
import type { PlanStep } from './record.ts'
import { createRecord, noteRun } from './record.ts'
import { reportRecord, stateOf } from './report-record.ts'

const found = [{ command: 'npm test', from: 'package.json', kind: 'tests' as const }]
const run = (command: string, exit_code: number, state: string | null, is_check = true) =>
  ({ command, exit_code, ended_by: 'itself', is_check, state }) as const

describe('what a report says beside the words of the model', () => {
  it('is nothing where nothing was changed or run', () => {
    expect(reportRecord({ record: createRecord(), found, state: 'a' })).toBe('')
  })

  it('is that no tests were run, and which there are', () => {
    const record = { ...createRecord(), edits: 1 }

    expect(reportRecord({ record, found, state: 'a' })).toBe(
      '### Checks\n\nNo tests were run. The repository has `npm test` (package.json).',
    )
    expect(reportRecord({ record, found: [], state: 'a' })).toMatch(/none were found/)
  })

  it('is each check with the status of its last run, and whether that is out of date', () => {
    const record = { ...createRecord(), edits: 2 }
    noteRun(record, run('npm test', 1, stateOf(record, 'old')))
    noteRun(record, run('npm test', 0, stateOf(record, 'old')))
    noteRun(record, run('ls', 0, null, false))
    noteRun(record, run('npm test | tail `x`', 0, stateOf(record, 'new')))
    noteRun(record, run('cd a && npm test 2>&1', 1, stateOf({ ...record, edits: 1 }, 'new')))
    noteRun(record, { command: 'tsc', ended_by: 'time_limit', is_check: true, state: null })

    expect(reportRecord({ record, found, state: 'new' }).split('\n').slice(4)).toEqual([
      '- `npm test`: exit code 0, before the last change',
      '- `` npm test | tail `x` ``: exit code 0 of the whole line',
      '- `cd a && npm test 2>&1`: exit code 1, before the last change',
      '- `tsc`: stopped at its time limit',
    ])
  })

  it('is what of the plan is open', () => {
    const plan: PlanStep[] = [
      { content: 'Mend it', status: 'completed' },
      { content: 'Tell\nit', status: 'pending' },
    ]

    const report = reportRecord({
      record: { ...createRecord(), edits: 1, plan },
      found,
      state: 'a',
    })

    expect(report).toMatch(/### Left open\n\nOf the plan:\n\n- Tell it$/)
  })
})
