import { expect, it } from 'vitest'
import { watchToolCalls } from './tool-calls.ts'

const begin = (toolCallId: string, kind = 'execute') => ({
  sessionUpdate: 'tool_call',
  toolCallId,
  kind,
  status: 'in_progress',
})
const end = (toolCallId: string, status = 'completed') => ({
  sessionUpdate: 'tool_call_update',
  toolCallId,
  status,
})

it('is idle when every call has ended, well or not', async () => {
  const calls = watchToolCalls()
  const order: string[] = []

  calls.note(begin('a'))
  calls.note(begin('b', 'read'))
  const idle = calls.whenIdle().then(() => order.push('idle'))
  calls.note(end('a'))
  await Promise.resolve()
  order.push('a ended')
  expect(calls.kindOf('b')).toBe('read')
  calls.note(end('b', 'failed'))
  await idle

  expect(order).toEqual(['a ended', 'idle'])
  await calls.whenIdle()
})

it('is not idle where the next call begins as the last one ends', async () => {
  const calls = watchToolCalls()
  let isIdle = false
  calls.note(begin('a'))
  const idle = calls.whenIdle().then(() => (isIdle = true))

  calls.note(end('a'))
  calls.note(begin('b'))
  await new Promise(setImmediate)
  expect(isIdle).toBe(false)

  calls.note(end('b'))
  await idle
})

it('knows the kind of the latest call, however many there were in the turn', () => {
  const calls = watchToolCalls()
  for (let at = 0; at <= 1000; at += 1) calls.note(begin(`call-${at}`, 'read'))

  calls.note(begin('last', 'fetch'))

  expect(calls.kindOf('last')).toBe('fetch')
  expect(calls.kindOf('call-0')).toBeUndefined()
})

it('is idle after the turn, and takes nonsense as nothing', async () => {
  const calls = watchToolCalls()
  calls.note({ sessionUpdate: 'tool_call', toolCallId: 7 })
  calls.note('nonsense')
  calls.note(begin('a'))

  calls.clear()

  await calls.whenIdle()
})
