import { expect, it } from 'vitest'
import { tellConversation } from './earlier-conversation.ts'

let number = 0
const event = (type: string, data: Record<string, unknown>) => ({
  id: String((number += 1)),
  type,
  timestamp: '2026-01-01T00:00:00Z',
  session_id: 's',
  data,
})

it('tells who said what, and which tools were used, in order', () => {
  const told = tellConversation([
    event('session.created', { prompt: 'Fix\nit' }),
    event('assistant.message', { content: 'I lo' }),
    event('assistant.message', { content: 'ok.' }),
    event('tool.execution_start', { title: 'npm test' }),
    event('elicitation.requested', { message: 'Which?' }),
    event('elicitation.completed', { answer: 'Both' }),
    event('session.log', { message: 'Cloning' }),
  ])

  expect(told).toBe(
    [
      'The user:\n\n> Fix\n> it',
      'You:\n\n> I look.',
      'You used a tool: npm test',
      'You:\n\n> Which?',
      'The user:\n\n> Both',
    ].join('\n\n'),
  )
})

it('keeps the newest where there is too much, and says so', () => {
  const events = Array.from({ length: 100 }, (_, at) => [
    event('user.message', { content: `message ${at} ${'x'.repeat(900)}` }),
    event('tool.execution_start', { title: `tool ${at}` }),
  ]).flat()

  const told = tellConversation(events) ?? ''

  expect(told.length).toBeLessThan(24_100)
  expect(told).toMatch(/^\(\d+ earlier parts are left out\.\)/)
  expect(told).toContain('tool 99')
  expect(told).not.toContain('message 3 ')
})

it('has nothing to tell of nothing', () => {
  expect(tellConversation([event('assistant.message', { content: ' ' })])).toBeUndefined()
})
