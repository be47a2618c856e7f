import { expect, it } from 'vitest'

import { openAgentHooks } from './agent-hooks.ts'
import type { HookAnswer } from './hook-output.ts'

const compact = { event: 'preCompact', trigger: 'auto', customInstructions: '' } as const

it('an agent that says again and again that something has happened has no hook run without end', async () => {
  let fired = 0
  const fire = (): Promise<HookAnswer> => {
    fired += 1
    return Promise.resolve({})
  }
  const hooks = openAgentHooks({ has: () => true, fire })

  await Promise.all(Array.from({ length: 1000 }, () => hooks.answer(compact)))

  expect(fired).toBe(200)
})

it('an agent that says many things at once has one hook run at a time', async () => {
  let running = 0
  let most = 0
  const fire = async (): Promise<HookAnswer> => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    throw new Error('not this time')
  }
  const hooks = openAgentHooks({ has: () => true, fire })

  await Promise.allSettled(Array.from({ length: 20 }, () => hooks.answer(compact)))

  expect(most).toBe(1)
})

it('an agent is to tell of what there are hooks for, and of nothing else', async () => {
  const fire = (): Promise<HookAnswer> => Promise.reject(new Error('nobody is to be told'))
  const hooks = openAgentHooks({ has: (event) => event === 'subagentStop', fire })

  expect(hooks.events).toEqual(['subagentStop'])
  expect(await hooks.answer(compact)).toEqual({})
})
