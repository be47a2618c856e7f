import { expect, it } from 'vitest'
import { Steer } from './index.ts'

it('is a message unless it says otherwise', () => {
  expect(Steer.parse({ content: 'go on' })).toEqual({ type: 'user_message', content: 'go on' })
})

it.each(['user_message', 'ask_user_response', 'elicitation_response'])(
  'needs a content that says something for %s',
  (type) => {
    expect(Steer.safeParse({ type }).success).toBe(false)
    expect(Steer.safeParse({ type, content: '  \n' }).success).toBe(false)
    expect(Steer.safeParse({ type, content: 'yes' }).success).toBe(true)
  },
)

it('aborts without content', () => {
  expect(Steer.parse({ type: 'abort' })).toEqual({ type: 'abort' })
})

it.each(['plan_approval_response', 'permission_response', 'mode_switch', 'anything'])(
  'refuses %s, which Errand has no use for',
  (type) => {
    expect(Steer.safeParse({ type, content: 'x' }).success).toBe(false)
  },
)
