import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { openTestRun } from '../testing/open-test-run.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'
import { type AgentReports, openAgentReports } from './agent-reports.ts'
import { GatewayRefusal } from './refusal.ts'

describe('what an agent tells of its work', () => {
  let opened: Awaited<ReturnType<typeof openTestRun>>
  let reports: AgentReports
  let nowMs: number
  const plan = (...contents: string[]) => ({
    entries: contents.map((content) => ({ content, status: 'pending' })),
  })

  beforeAll(async () => {
    opened = await openTestRun({ prompt: 'x' })
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    await told()
    nowMs = 0
    reports = openAgentReports(opened.run, () => nowMs)
  })

  let seen = 0
  /** Since it was last asked. */
  async function told() {
    await opened.run.recorder.flush()
    const events = (await opened.test.events(opened.run.lease.task.id)).slice(seen)
    seen += events.length
    return events.flatMap(({ type, data }) =>
      type === 'assistant.message' || type === 'assistant.plan' ? [data] : [],
    )
  }

  it('is a line of text that no terminal obeys and that hides nothing', async () => {
    const hidden = String.fromCodePoint(0x1b, 0x5b, 0x32, 0x4a, 0x202e, 0xe0049, 0x200b)

    reports.progress({ message: `Half\r\nof it ${hidden}is done` })
    reports.plan(plan(`Look${hidden}\nclosely`))

    expect(await told()).toEqual([{ content: '\nHalf of it is done\n' }, plan('Look closely')])
  })

  it('has no secret in it, also not one that is parted by what is taken out', async () => {
    opened.run.mask.hide(['hunter2-hunter2'])
    const zeroWidth = String.fromCodePoint(0x200b)

    reports.progress({ message: `It is hunter2${zeroWidth}-hunter2` })
    reports.plan(plan('Use hunter2-hunter2'))

    expect(JSON.stringify(await told())).not.toContain('hunter2')
  })

  it.each([
    ['a sentence without end', 'progress', { message: 'x'.repeat(501) }],
    ['a sentence that nobody sees', 'progress', { message: '\u200b \u001b[2J' }],
    ['no sentence', 'progress', { message: { text: 'x' } }],
    ['nothing', 'progress', undefined],
    ['a plan of fifty-one steps', 'plan', plan(...Array.from({ length: 51 }, () => 'x'))],
    ['a step without end', 'plan', plan('x'.repeat(501))],
    ['a step that is somewhere else', 'plan', { entries: [{ content: 'x', status: '\u001b[2J' }] }],
  ] as const)('is not %s', async (_, kind, body) => {
    expect(() => reports[kind](body)).toThrow(expect.objectContaining({ status: 400 }))
    expect(await told()).toEqual([])
  })

  it('is no flood: thirty in a minute, and a thousand in all', async () => {
    const statuses: number[] = []
    for (let at = 0; at < 40 * 40; at += 1) {
      nowMs = Math.floor(at / 40) * 60_001
      try {
        reports[at % 2 === 0 ? 'progress' : 'plan']({ message: 'x', ...plan('x') })
        statuses.push(202)
      } catch (error) {
        statuses.push(error instanceof GatewayRefusal ? error.status : 500)
      }
    }

    expect(statuses.slice(0, 40).filter((status) => status === 202)).toHaveLength(30)
    expect(statuses.filter((status) => status === 202)).toHaveLength(1000)
    expect(new Set(statuses)).toEqual(new Set([202, 429]))
    expect(await told()).toHaveLength(1000)
  })
})

describe('the tools by which an agent tells it', () => {
  let test: TestRunner
  beforeAll(async () => {
    test = await startTestRunner({ settings: fixtureSettings() })
  })
  afterAll(() => test?.[Symbol.asyncDispose]())

  it('are of the server errand, and make the events of its words and plans', async () => {
    const entries = [
      { content: 'Look', status: 'completed' },
      { content: 'Mend', status: 'in_progress' },
    ]
    const steps = [
      { mcp: 'errand', tool: 'set_plan', arguments: { entries } },
      { mcp: 'errand', tool: 'note_progress', arguments: { message: 'Found it.' } },
    ]

    const id = await test.add(fixtureTask(steps, { agent: 'fixture-mcp' }))
    await test.untilEnded(id)

    const events = await test.events(id)
    const plans = events.filter(({ type }) => type === 'assistant.plan')
    const messages = events.filter(({ type }) => type === 'assistant.message')
    expect(plans.map(({ data }) => data)).toEqual([{ entries }])
    expect(messages.map(({ data }) => data.content).join('')).toContain('\nFound it.\n')
  })
})
