import { expect, it } from 'vitest'
import { eventTypes, parseNewEvent } from './index.ts'

it('takes what fits its type, and drops what the type does not know', () => {
  const event = parseNewEvent({
    type: 'tool.execution_start',
    data: { tool_call_id: 't1', title: 'ls', kind: 'execute', secret: 'x' },
  })

  expect(event).toEqual({
    type: 'tool.execution_start',
    data: { tool_call_id: 't1', title: 'ls', kind: 'execute' },
  })
})

it.each([
  ['assistant.message', { content: 1 }],
  ['assistant.message', {}],
  ['assistant.message', null],
  ['tool.execution_complete', { tool_call_id: 't1', status: 'maybe' }],
  ['session.state_changed', { from: 'queued', to: 'done', attempt: 1 }],
  ['assistant.usage', { model: 'm', input_tokens: 1.5 }],
  ['artifact.pull', { id: '1', number: 1, html_url: 'x' }],
] as const)('refuses %s with %j', (type, data) => {
  expect(() => parseNewEvent({ type, data })).toThrow()
})

it.each(eventTypes)('refuses %s without data: no type is a catch-all', (type) => {
  expect(() => parseNewEvent({ type, data: undefined })).toThrow()
})

it("names its types after the families of GitHub's own events", () => {
  const families =
    /^(session|user|assistant|tool|permission|elicitation|artifact|firewall|mcp|setup)\.[a-z_]+$|^abort$/

  expect(eventTypes.filter((type) => !families.test(type))).toEqual([])
})
