import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { steerTask } from '@errand/core'
import { openAgentNotes } from './agent-notes.ts'
import type { Agent } from './agent/start-agent.ts'
import { watchToolCalls } from './agent/tool-calls.ts'
import type { Questions } from './questions.ts'
import { steerTurn } from './steer-turn.ts'
import { eventually } from './testing/eventually.ts'
import { fixtureSettings, fixtureTask } from './testing/fixture-settings.ts'
import { openTestRun } from './testing/open-test-run.ts'
import { startTestRunner } from './testing/start-test-runner.ts'

it.each([
  ['put into the turn of an agent that takes it', 'fixture-steered', 'steered: Mind the gap'],
  ['told by a new turn where it does not', 'fixture', 'heard: Mind the gap'],
])('what the user says is %s, after the tool it is at', async (_, agent, heard) => {
  await using test = await startTestRunner({ settings: fixtureSettings() })
  const tool = { run: 'echo started; while [ ! -e go ]; do sleep 0.05; done; echo ended' }
  const id = await test.add(fixtureTask([tool, { wait: true }], { agent }))
  await eventually(async () => {
    const types = (await test.events(id)).map(({ type }) => type)
    expect(types).toContain('tool.execution_start')
  })

  const by = { id: 42, login: 'ada' }
  await steerTask(test.store, id, { type: 'user_message', content: 'Mind the gap', by })
  await writeFile(join(await workspaceOf(test.dataDir), 'go'), '')
  const task = await test.untilEnded(id)

  expect(task.state).toBe('completed')
  const told = (await test.events(id)).filter(({ type }) =>
    ['user.message', 'tool.execution_complete', 'assistant.message'].includes(type),
  )
  expect(told.map(({ type, data }) => data.content ?? data.output ?? type)).toEqual([
    'Mind the gap',
    'started\nended\n',
    heard,
  ])
})

it('tells what the user says again where the agent took it and has not heard it', async () => {
  await using test = await startTestRunner({ settings: fixtureSettings() })
  const id = await test.add(
    fixtureTask([{ run: 'echo started' }, { overhear: true }], { agent: 'fixture-steered' }),
  )
  await eventually(async () => {
    const types = (await test.events(id)).map(({ type }) => type)
    expect(types).toContain('tool.execution_complete')
  })

  const by = { id: 42, login: 'ada' }
  await steerTask(test.store, id, { type: 'user_message', content: 'Mind the gap', by })
  const task = await test.untilEnded(id)

  expect(task.state).toBe('completed')
  const said = (await test.events(id)).filter(({ type }) => type === 'assistant.message')
  expect(said.map(({ data }) => data['content'])).toEqual(['heard: Mind the gap'])
})

it.each([
  ['is put into the turn', true],
  ['breaks the turn off', false],
])('what %s waits for a tool call that began while it was read', async (_, canSteer) => {
  await using opened = await openTestRun(fixtureTask([]))
  const { run, test } = opened
  const order: string[] = []
  const note = (status: string): void =>
    toolCalls.note({ sessionUpdate: 'tool_call', toolCallId: 'next', status })
  let waits = 0
  const toolCalls = watchToolCalls()
  const beginsNext = {
    ...toolCalls,
    async whenIdle() {
      waits += 1
      // The message's transaction takes more than one round of the event loop.
      if (waits === 1) setImmediate(() => note('in_progress'))
      else await toolCalls.whenIdle()
    },
  }
  const agent = {
    canSteer,
    async steer() {
      order.push('told')
      return true
    },
    async cancel() {
      order.push('told')
    },
  } satisfies Partial<Agent>
  const questions = { open: undefined, conversationId: 'c' } satisfies Partial<Questions>

  const by = { id: 42, login: 'ada' }
  const { id } = run.lease.task
  await steerTask(test.store, id, { type: 'user_message', content: 'Mind the gap', by })
  // Nothing else of them is asked for.
  await using _steering = steerTurn(run, agent as unknown as Agent, {
    questions: questions as unknown as Questions,
    notes: openAgentNotes(),
    toolCalls: beginsNext,
  })
  await eventually(() => expect(waits + order.length).toBe(2))
  order.push('the call ends')
  note('completed')
  await eventually(() => expect(order).toHaveLength(2))

  expect(order).toEqual(['the call ends', 'told'])
})

it.each([
  ['put into the turn of an agent that takes it', 'fixture-steered', 'steered: '],
  ['told by a new turn where it does not', 'fixture', 'heard: '],
])('that little of a budget is left is %s', async (_, agent, heard) => {
  const budgets = [{ scope: 'organization', name: '*', ai_credits: 10 }]
  await using test = await startTestRunner({ settings: fixtureSettings({ budgets }), start: false })
  const month = new Date().toISOString().slice(0, 7)
  await test.store.db
    .insertInto('accounts')
    .values({ id: `organization:1:${month}`, spent_nano: 9e9, reserved_nano: 0 })
    .execute()
  const id = await test.add(fixtureTask([{ call: 'Hello' }, { wait: true }], { agent }))
  test.start()
  const task = await test.untilEnded(id)

  expect(task.state).toBe('completed')
  const events = await test.events(id)
  expect(events.filter(({ type }) => type === 'session.budget_warning')).toMatchObject([
    { data: { scope: 'organization', name: 'acme', prevent_further_usage: true } },
  ])
  const told = events
    .filter(({ type }) => type === 'assistant.message')
    .map(({ data }) => String(data['content']))
    .filter((text) => text.includes('[Note from Errand, not from the user]'))
  expect(told).toHaveLength(1)
  expect(told[0]).toContain(`${heard}[Note`)
  expect(told[0]).toContain('9 of 10 AI credits are spent; 1 are left.')
})

it('goes on with the conversation where a message follows a session that has completed', async () => {
  await using test = await startTestRunner({ settings: fixtureSettings() })
  const id = await test.add(fixtureTask([{ run: 'echo one > one.txt' }]))
  await test.untilEnded(id)

  const by = { id: 42, login: 'ada' }
  await steerTask(test.store, id, { type: 'user_message', content: 'And then?', by })
  await eventually(async () => {
    const task = await test.untilEnded(id)
    expect(task.sessions).toHaveLength(2)
    expect(task.state).toBe('completed')
  })

  const events = await test.events(id)
  const messages = events.filter(({ type }) => type === 'assistant.message')
  // It was loaded, and what the agent told again of it was not recorded.
  expect(messages.map(({ data }) => data.content)).toEqual(['heard: And then?'])
  expect(JSON.stringify(events)).not.toContain('told anew')
})

it('tells a conversation anew where the home is not kept', async () => {
  const settings = fixtureSettings({ runner: { keep_home_minutes: 0 } })
  await using test = await startTestRunner({ settings })
  const id = await test.add(fixtureTask([{ say: 'I have thought about it.' }]))
  await test.untilEnded(id)

  const by = { id: 42, login: 'ada' }
  await steerTask(test.store, id, { type: 'user_message', content: 'And then?', by })
  await eventually(async () => {
    const task = await test.untilEnded(id)
    expect(task.sessions).toHaveLength(2)
    expect(task.state).toBe('completed')
  })

  const events = await test.events(id)
  expect(JSON.stringify(events)).toContain('told anew')
})

/** The checkout of the only session there is. */
async function workspaceOf(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'workspaces')
  const [name = ''] = await readdir(folder)
  return join(folder, name, 'workspace')
}
