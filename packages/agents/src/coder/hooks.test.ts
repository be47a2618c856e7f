import { mkdir } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { call, finish, useCoder } from '../testing/coder-stage.ts'
import type { Reply } from '../testing/scripted-model.ts'
import type { ToldHook } from '../testing/start-agent.ts'

const stage = useCoder()
const events = { ERRAND_HOOKS: 'subagentStart,subagentStop,preCompact' }
const isExploring = (system: string): boolean => system.startsWith('You look into one question')

it('an exploration begins with what hooks add, goes on where they block, and answers what they make of it', async () => {
  await mkdir(stage.path('src'))
  const told: ToldHook[] = []
  const asked: string[] = []
  const replies = [call('explore', { question: 'Where is it?' }), finish()]
  let answered = 0
  const id = await stage.start(
    ({ system, text, count }) => {
      if (!isExploring(system)) return replies[count] ?? finish()
      asked.push(text)
      answered += 1
      return { say: answered === 1 ? 'In src.' : 'In src/a.ts, secret 7.' }
    },
    {
      env: events,
      hook(event) {
        told.push(event)
        if (event['event'] === 'subagentStart') return { additionalContext: 'Only src matters.' }
        return told.length === 2
          ? { decision: 'block', reason: 'Which file?', modifiedResponse: 'not this' }
          : { modifiedResponse: 'In src/a.ts.' }
      },
    },
  )

  await stage.agent.prompt(id, 'Do it')

  expect(told).toMatchObject([
    { event: 'subagentStart', agentName: 'explore', agentDescription: expect.any(String) },
    { event: 'subagentStop', agentType: 'explore', response: 'In src.', stopReason: 'end_turn' },
    { event: 'subagentStop', response: 'In src/a.ts, secret 7.' },
  ])
  expect(told[2]?.['agentId']).toBe(told[1]?.['agentId'])
  expect(asked[0]).toContain('Only src matters.\n\nWhere is it?')
  expect(asked[1]).toContain('Which file?')
  expect(JSON.stringify(stage.model.turns.at(-1))).toContain('In src/a.ts.')
  expect(JSON.stringify(stage.model.turns.at(-1))).not.toContain('secret 7')
})

it('an exploration that is always blocked comes to its end', async () => {
  let stops = 0
  const replies = [call('explore', { question: 'Where is it?' }), finish()]
  const id = await stage.start(
    ({ system, count }) => (isExploring(system) ? { say: 'Here.' } : (replies[count] ?? finish())),
    {
      env: events,
      hook({ event }) {
        if (event === 'subagentStop') stops += 1
        return { decision: 'block' }
      },
    },
  )

  const { stopReason } = await stage.agent.prompt(id, 'Do it')

  expect([stopReason, stops]).toEqual(['end_turn', 4])
})

it('nobody is told where nobody wants to hear', async () => {
  const told: ToldHook[] = []
  const replies = [call('explore', { question: 'Where is it?' }), finish()]
  const id = await stage.start(
    ({ system, count }) => (isExploring(system) ? { say: 'Here.' } : (replies[count] ?? finish())),
    {
      hook(event) {
        told.push(event)
        return {}
      },
    },
  )

  await stage.agent.prompt(id, 'Do it')

  expect(told).toEqual([])
})

it('what is about to be left out of the conversation is told before it is summarised', async () => {
  const order: string[] = []
  const long: Reply = call('bash', { command: 'head -c 6000 /dev/zero | tr "\\0" x; date +%N' })
  const id = await stage.start(
    ({ system, text }) => {
      if (system.startsWith('You are given the record')) {
        order.push('summary')
        return { say: 'All is well.' }
      }
      return text.includes('left out to save room.]') ? finish() : long
    },
    {
      env: { ...events, ERRAND_CONTEXT_WINDOW: '16000', ERRAND_MAX_OUTPUT_TOKENS: '2000' },
      hook({ event, trigger }) {
        order.push(`${String(event)} ${String(trigger)}`)
        return {}
      },
    },
  )

  await stage.agent.prompt(id, 'Do it')

  expect(order.slice(0, 2)).toEqual(['preCompact auto', 'summary'])
})
