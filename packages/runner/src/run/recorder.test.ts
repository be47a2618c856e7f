import type { NewEvent } from '@errand/contract'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openRecorder, type Recorder } from './recorder.ts'

let written: NewEvent[]
let recorder: Recorder

beforeEach(() => {
  vi.useFakeTimers()
  written = []
  const write = (events: NewEvent[]): Promise<void> => {
    written.push(...events)
    return Promise.resolve()
  }
  recorder = openRecorder(write, () => undefined, { push: (events) => [...events], end: () => [] })
})
afterEach(() => {
  recorder.close()
  vi.useRealTimers()
})

const printed = (output: string, id = 'a'): NewEvent => ({
  type: 'tool.execution_update',
  data: { tool_call_id: id, output },
})

it('chunks of text that come within a quarter of a second are one event', async () => {
  recorder.reportText('assistant.message', 'First ')
  await vi.advanceTimersByTimeAsync(200)
  recorder.reportText('assistant.message', 'this.')
  await vi.advanceTimersByTimeAsync(50)
  recorder.reportText('assistant.message', 'Then that.')
  await recorder.flush()

  expect(written.map(({ data }) => data)).toEqual([
    { content: 'First this.' },
    { content: 'Then that.' },
  ])
})

it('a thought, a report or a note between them divides them', async () => {
  recorder.reportText('assistant.message', 'one')
  recorder.reportText('assistant.thought', 'two')
  recorder.reportText('assistant.message', 'three')
  recorder.report(printed('out'))
  recorder.reportText('assistant.message', 'four')
  recorder.add({ type: 'session.log', data: { level: 'info', message: 'note' } })
  recorder.reportText('assistant.message', 'five')
  await recorder.flush()

  expect(written.map(({ data }) => Object.values(data).at(-1))).toEqual([
    'one',
    'two',
    'three',
    'out',
    'four',
    'note',
    'five',
  ])
})

it('what one tool prints is joined, also where an agent sends all of it each time', async () => {
  recorder.report(printed('a'))
  recorder.report(printed('b'))
  recorder.report(printed('abc'))
  recorder.report(printed('other', 'b'))
  await recorder.flush()

  expect(written).toEqual([printed('abc'), printed('other', 'b')])
})

it('a text that is long is stored before its time', async () => {
  recorder.reportText('assistant.message', 'x'.repeat(32_768))
  recorder.reportText('assistant.message', 'y')
  await recorder.flush()

  expect(written.map(({ data }) => data)).toEqual([
    { content: 'x'.repeat(32_768) },
    { content: 'y' },
  ])
})

it('what was not stored when it is closed is dropped', async () => {
  recorder.reportText('assistant.message', 'late')
  recorder.close()
  recorder.add({ type: 'session.log', data: { level: 'info', message: 'later' } })
  await recorder.flush()

  expect(written).toEqual([])
})
