import { describe, expect, it } from 'vitest'
import { listPulls } from '../support/pulls.ts'
import {
  finish,
  type ModelApi,
  type Reply,
  scriptedModelKey,
  startScriptedModel,
} from '../support/scripted-model.ts'
import { startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, createTask, eventsOf, getTask } from '../support/tasks.ts'
import { eventually } from '../support/eventually.ts'

/** Plans, reads, edits, runs the repository's own tests, and sums up. */
const workingDay: Reply[] = [
  {
    think: 'Where is sum?',
    say: 'Let me look.',
    call: [
      ['update_plan', { entries: [{ content: 'Find sum', status: 'in_progress' }] }],
      ['read_file', { path: 'src/sum.js' }],
    ],
  },
  {
    call: [
      [
        'edit_file',
        { path: 'src/sum.js', old_text: 'return a + b', new_text: 'return Number(a) + Number(b)' },
      ],
      ['write_file', { path: 'NOTES.md', content: 'sum takes text, too\n' }],
    ],
  },
  { call: [['bash', { command: 'node --test' }]] },
  finish('Sum numbers given as text', '`sum` now converts its arguments. The tests pass.'),
]

describe.each([
  'messages',
  'responses',
  'chat_completions',
  'generate_content',
] satisfies ModelApi[])('coder on %s', (api) => {
  it("reads, edits, runs the repository's own tests in the box and opens the pull request", async () => {
    await using model = await startScriptedModel(workingDay)
    await using errand = await startErrand({ model, api })
    await errand.addRepository('acme/sums', { 'AGENTS.md': 'Always be kind to numbers.\n' })

    const task = await completeTask(errand.client, 'acme/sums', {
      prompt: 'Let sum take numbers given as text',
      create_pull_request: true,
    })
    const events = await eventsOf(errand.client, task.id)
    const diff = await errand.client.call('getTaskDiff', { params: { task_id: task.id } })
    const [pull] = await listPulls(errand.client, 'acme/sums')

    expect(model.turns.map(({ index }) => index)).toEqual([0, 1, 2, 3])
    expect(model.turns[0]?.prompt).toContain('Always be kind to numbers.')
    expect(model.turns[1]?.result).toContain('return a + b')
    expect(model.turns[3]?.result).toMatch(/pass 1/)
    expect(diff).toContain('+  return Number(a) + Number(b)')
    expect(pull).toMatchObject({ title: 'Sum numbers given as text', draft: true })
    expect(pull?.body).toContain('now converts its arguments')
    expect(artifactOf(task, 'pull')?.number).toBe(pull?.number)
    const types = new Set(events.map(({ type }) => type))
    for (const type of ['assistant.message', 'assistant.thought', 'assistant.plan'] as const) {
      expect(types).toContain(type)
    }
    expect(types).toContain('assistant.usage')
    expect(events.find(({ type }) => type === 'session.summary')?.data).toMatchObject({
      title: 'Sum numbers given as text',
    })
    expect(task.sessions[0]).toMatchObject({ model: 'scripted' })
  })

  it('puts in the key outside the box, where the agent has only a token of its session', async () => {
    await using model = await startScriptedModel([
      { call: [['bash', { command: 'env; cat /proc/*/environ | tr "\\0" "\\n"' }]] },
      finish('Look around'),
    ])
    await using errand = await startErrand({ model, api })
    await errand.addRepository('acme/sums')

    const task = await completeTask(errand.client, 'acme/sums', { prompt: 'Look around' })

    // The model answered: it refuses whoever comes without the key.
    expect(model.turns[1]?.result).toMatch(/HOME=/)
    const seen = JSON.stringify([await eventsOf(errand.client, task.id), model.turns])
    expect(seen).not.toContain(scriptedModelKey)
    expect(seen).not.toContain(errand.token)
  })
})

describe('coder', () => {
  it('tries again when the model is overloaded', async () => {
    let calls = 0
    await using model = await startScriptedModel(({ index }) => {
      calls += 1
      if (calls <= 2) return { fail: 529, message: 'overloaded' }
      return index === 0
        ? { call: [['write_file', { path: 'A.md', content: 'a\n' }]] }
        : finish('Write A')
    })
    await using errand = await startErrand({ model })
    await errand.addRepository('acme/sums')

    const task = await completeTask(errand.client, 'acme/sums', { prompt: 'Write A' })

    expect(artifactOf(task, 'branch')).toBeDefined()
    expect(calls).toBe(4)
  })

  it('hears what is said to it while it works', async () => {
    const release = Promise.withResolvers<void>()
    await using model = await startScriptedModel(async ({ index, prompt }) => {
      if (index === 0) {
        await release.promise
        return { call: [['bash', { command: 'true' }]] }
      }
      if (!prompt.includes('in green')) return { say: 'Painted.' }
      if (index > 2) return finish('Paint it in green')
      return { call: [['write_file', { path: 'COLOUR.md', content: 'green\n' }]] }
    })
    await using errand = await startErrand({ model })
    await errand.addRepository('acme/sums')
    const { id } = await createTask(errand.client, 'acme/sums', { prompt: 'Paint it' })
    await eventually(() => expect(model.turns).toHaveLength(1))

    const steered = await errand.client.call('steerTask', {
      params: { task_id: id },
      body: { content: 'Paint it in green, please' },
    })
    release.resolve()
    const states = await followToEnd(errand.client, id)
    const task = await getTask(errand.client, id)

    expect(steered).toMatchObject({ outcome: 'queued', message_id: expect.any(String) })
    expect(states).toContain('user.message')
    expect(task).toMatchObject({ state: 'completed', session_count: 1 })
    const diff = await errand.client.call('getTaskDiff', { params: { task_id: id } })
    expect(diff).toContain('+green')
  })

  async function followToEnd(
    client: Parameters<typeof eventsOf>[0],
    id: string,
  ): Promise<string[]> {
    const types: string[] = []
    for await (const event of client.followEvents(id)) types.push(event.type)
    return types
  }
})
