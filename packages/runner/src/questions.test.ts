import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { cancelTask, steerTask } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually } from './testing/eventually.ts'
import { fixtureSettings, fixtureTask } from './testing/fixture-settings.ts'
import { openQuestions } from './questions.ts'
import { openTestRun } from './testing/open-test-run.ts'
import { startTestRunner, type TestRunner } from './testing/start-test-runner.ts'
import { untilLetGo } from './testing/until-let-go.ts'
import type { Workspace } from './workspace/workspace.ts'

const by = { id: 42, login: 'ada' }

async function answer(test: TestRunner, id: string, content: string): Promise<string> {
  const type = 'ask_user_response'
  return (await steerTask(test.store, id, { type, content, by })).outcome
}

async function textsOf(test: TestRunner, id: string): Promise<string> {
  return JSON.stringify((await test.events(id)).map(({ data }) => data))
}

async function fileOf(test: TestRunner, id: string, path: string): Promise<string> {
  return await test.forge.git('show', `errand/fix-it-${id.slice(0, 8)}:${path}`)
}

describe('a question answered while the box is alive', () => {
  let test: TestRunner
  beforeAll(async () => {
    test = await startTestRunner({ settings: fixtureSettings() })
  })
  afterAll(() => test?.[Symbol.asyncDispose]())

  it('gets its answer within the same turn', async () => {
    const id = await test.add(fixtureTask([{ ask: 'Which?' }, { run: 'echo "$ANSWER" > a.txt' }]))
    await test.untilState(id, 'waiting_for_user')

    const outcome = await answer(test, id, 'the blue one')
    const task = await test.untilEnded(id)

    expect(outcome).toBe('answered')
    expect(task.sessions).toMatchObject([{ state: 'completed', attempt: 1 }])
    expect(await fileOf(test, id, 'a.txt')).toBe('the blue one')
  })

  it('gets an answer that fits the form it asked for', async () => {
    const schema = { type: 'object', properties: { size: { type: 'string', enum: ['S', 'XL'] } } }
    const id = await test.add(
      fixtureTask([{ ask: 'Size?', schema }, { run: 'echo "$ANSWER" > a.txt' }]),
    )
    await test.untilState(id, 'waiting_for_user')

    await answer(test, id, 'xl')
    await test.untilEnded(id)

    expect(await fileOf(test, id, 'a.txt')).toBe('XL')
  })

  it('may be put by the tool that does not wait: the answer is the next prompt', async () => {
    const id = await test.add(
      fixtureTask([{ pose: 'Which?' }, { run: 'echo x > a.txt' }], { agent: 'fixture-mcp' }),
    )
    await test.untilState(id, 'waiting_for_user')

    await answer(test, id, 'the red one')
    const task = await test.untilEnded(id)

    expect(task).toMatchObject({ state: 'completed', session_count: 1 })
    const texts = await textsOf(test, id)
    expect(texts).toContain('The user has your question')
    expect(texts).toContain('heard: the red one')
  })

  it('can be left unanswered by who cancels', async () => {
    const id = await test.add(fixtureTask([{ ask: 'Which?' }]))
    await test.untilState(id, 'waiting_for_user')

    await cancelTask(test.store, id, 'ada')

    await eventually(() => expect(test.log.join('\n')).toContain('lease lost'))
    expect((await test.untilEnded(id)).state).toBe('cancelled')
  })

  it('is asked no further after a hundred', async () => {
    const questions = Array.from({ length: 101 }, (_, at) => ({ post: `Question ${at}` }))
    const id = await test.add(fixtureTask(questions, { agent: 'fixture-mcp' }))
    await test.untilState(id, 'waiting_for_user')
    await eventually(async () => {
      expect(await textsOf(test, id)).toContain('posted 429')
    })

    await answer(test, id, 'yes')
    expect((await test.untilEnded(id)).state).toBe('completed')
  })
})

it('a hundred pauses for a budget leave the agent its own questions, and a hundred of those the pauses', async () => {
  await using opened = await openTestRun(fixtureTask([]))
  // It is only noted in it that it is to be kept.
  const questions = openQuestions(opened.run, { isKept: false } as Workspace)
  const accountId = `task:${opened.run.lease.task.id}`
  for (let pause = 0; pause < 101; pause += 1) {
    await questions.ask({ message: 'The budget is used up', accountId })
  }

  for (let asked = 0; asked < 100; asked += 1) await questions.ask({ message: 'Which?' })
  await expect(questions.ask({ message: 'Which?' })).rejects.toThrow('No more questions')
  const id = await questions.ask({ message: 'The budget is used up', accountId })

  expect(id).toBe(questions.open)
})

describe('a question not answered in time', () => {
  let test: TestRunner
  beforeAll(async () => {
    const settings = fixtureSettings({
      sessions: { live_wait_seconds: 0.5 },
      runner: { concurrency: 1 },
    })
    test = await startTestRunner({ settings })
  })
  afterAll(() => test?.[Symbol.asyncDispose]())

  async function untilPutAway(id: string): Promise<void> {
    await eventually(async () => {
      const [session] = (await test.untilState(id, 'waiting_for_user')).sessions
      expect(session).toMatchObject({ put_away: true, lease_expires_at: null })
    })
  }

  const askAndGoOn = [
    { run: 'echo before > before.txt; echo kept > ~/kept' },
    {
      run: `echo '[{"run": "cat ~/kept > kept.txt; printf %s \\"$ANSWER\\" > answer.txt"}]' > ~/next.json`,
    },
    { ask: 'Which one?' },
  ]

  it('has its box put away, and goes on with files, home and conversation when answered', async () => {
    const id = await test.add(fixtureTask(askAndGoOn))
    await untilPutAway(id)

    await answer(test, id, 'the green one')
    const task = await test.untilEnded(id)

    expect(task.sessions).toMatchObject([{ state: 'completed', attempt: 2 }])
    expect(await fileOf(test, id, 'before.txt')).toBe('before')
    expect(await fileOf(test, id, 'kept.txt')).toBe('kept')
    expect(await fileOf(test, id, 'answer.txt')).toMatch(/Which one\?[^]*the green one/)
    expect(await textsOf(test, id)).not.toContain('told again')
  })

  it('frees its slot for others while it waits', async () => {
    const waiting = await test.add(fixtureTask([{ ask: 'Which?' }]))
    await untilPutAway(waiting)

    const other = await test.add(fixtureTask([{ run: 'echo x > y' }]))

    expect((await test.untilEnded(other)).state).toBe('completed')
    await cancelTask(test.store, waiting, 'ada')
  })

  it('that goes on where the folders are not begins anew, told what was said', async () => {
    const id = await test.add(fixtureTask(askAndGoOn))
    await untilPutAway(id)
    const folder = `${test.dataDir}/workspaces`
    for (const name of await readdir(folder)) {
      await untilLetGo(join(folder, name))
      await rm(join(folder, name), { recursive: true })
    }

    await answer(test, id, 'the grey one')
    await untilPutAway(id)
    const events = await test.events(id)

    expect(events.filter(({ type }) => type === 'elicitation.requested')).toHaveLength(2)
    expect(await textsOf(test, id)).toContain('cannot take its conversation up again')
    await cancelTask(test.store, id, 'ada')
  })
})
