import type { Event, EventType } from '@errand/contract'
import { expect, it } from 'vitest'
import { lineOf } from './log-lines.ts'

const task = { page: 'http://errand/acme/shop/copilot/tasks/1', taskId: '1' }

function event(type: EventType, data: Record<string, unknown>): Event {
  return { id: '1', type, timestamp: '2026-01-01T00:00:00Z', session_id: 's', data }
}

it.each([
  ['session.created', { prompt: 'p' }, `Task 1: ${task.page}`],
  ['session.state_changed', { to: 'in_progress' }, 'state: in progress'],
  ['assistant.message', { content: 'Done.' }, 'assistant.message: Done.'],
  ['artifact.pull', { html_url: 'http://x/pull/1' }, 'pull request: http://x/pull/1'],
  ['tool.execution_update', { tool_call_id: 'a', output: 'secret?' }, ''],
  ['assistant.thought', { content: 'hm' }, ''],
] as const)('tells of %s what a portal wants to know', (type, data, line) => {
  expect(lineOf(event(type, data), task)).toBe(line)
})

it('shows what an agent says as text, whatever it is made of', () => {
  const evil = '\u001b[31mred\u001b[0m \u202eright to left\u0000\u0007'

  const line = lineOf(event('elicitation.requested', { question_id: 'q', message: evil }), task)

  expect(line).toMatch(/^The agent asks: \[31mred\[0m right to left\nAnswer it at http:/)
})

it('cuts what is too long', () => {
  const line = lineOf(event('session.log', { level: 'info', message: 'x'.repeat(100_000) }), task)

  expect(line.length).toBeLessThan(2100)
})
