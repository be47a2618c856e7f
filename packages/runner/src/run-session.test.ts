import { readdir } from 'node:fs/promises'

import type { Event } from '@errand/contract'
import { steerTask } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually } from './testing/eventually.ts'
import { fixtureSettings, fixtureTask } from './testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from './testing/start-test-runner.ts'

let test: TestRunner

beforeAll(async () => {
  test = await startTestRunner({ settings: fixtureSettings() })
})
afterAll(() => test?.[Symbol.asyncDispose]())

const by = { id: 42, login: 'ada' }

async function typesOf(id: string): Promise<string[]> {
  return (await test.events(id)).map(({ type }) => type)
}

/** What each event says, with neighbours of text joined: where a pause divides it is left to the machine. */
function joinText(events: readonly Event[]): [string, Record<string, unknown>][] {
  const joined: [string, Record<string, unknown>][] = []
  for (const { type, data } of events) {
    const last = joined.at(-1)
    if (last?.[0] === type && /^assistant\.(message|thought)$/.test(type)) {
      last[1] = { content: `${String(last[1].content)}${String(data.content)}` }
    } else {
      joined.push([type, data])
    }
  }
  return joined
}

async function textsOf(id: string): Promise<string> {
  return JSON.stringify((await test.events(id)).map(({ data }) => data))
}

describe('a session of the script agent', () => {
  it('goes from its prompt to a draft pull request', async () => {
    const prompt = 'Mention subtraction\n\n```sh\necho "Subtracts, too." >> README.md\n```\n'

    const id = await test.add({ prompt })
    const task = await test.untilEnded(id)

    const branch = `errand/mention-subtraction-${id.slice(0, 8)}`
    expect(task).toMatchObject({
      state: 'completed',
      head_ref: branch,
      artifacts: [
        { type: 'branch', data: { head_ref: branch, base_ref: 'main' } },
        { type: 'pull', data: { number: 1 } },
      ],
    })
    const [pull] = test.forge.pulls
    expect(pull).toMatchObject({
      title: 'Mention subtraction',
      draft: true,
      head: branch,
      base: 'main',
    })
    expect(pull?.body).toContain(`/acme/sums/copilot/tasks/${id}`)
    expect(pull?.body).toContain('echo "Subtracts, too." >> README.md')
    const commit = await test.forge.git('log', '-1', '--format=%an <%ae>%n%cn%n%B', branch)
    expect(commit).toMatch(
      /^errand\[bot\] <errand\[bot\]@users\.noreply\.127\.0\.0\.1>\nerrand\[bot\]\n/,
    )
    expect(commit).toContain('\nCo-authored-by: ada <42+ada@users.noreply.127.0.0.1>')
    expect(commit).toContain(`/acme/sums/copilot/tasks/${id}?session_id=${task.sessions[0]?.id}`)
    expect(await test.forge.git('show', `${branch}:README.md`)).toBe('# Sums\nSubtracts, too.')
    expect(await test.forge.git('rev-list', '--count', `main..${branch}`)).toBe('1')
  })

  it('tells its steps in order, the findings about the box first', async () => {
    const id = await test.add({ prompt: '```sh\necho hello; echo x > x\n```' })
    await test.untilEnded(id)

    const types = (await typesOf(id)).filter((type) => type !== 'session.log')
    expect(types).toEqual([
      'session.created',
      'session.state_changed',
      'session.sandbox',
      'session.workspace',
      'tool.execution_start',
      'tool.execution_update',
      'tool.execution_complete',
      'session.validation',
      'session.validation',
      'session.validation',
      'session.validation',
      'session.summary',
      'artifact.branch',
      'artifact.pull',
      'session.state_changed',
    ])
  })

  it('completes without a branch when nothing was changed, and says so', async () => {
    const id = await test.add({ prompt: '```sh\ncat README.md\n```' })
    const task = await test.untilEnded(id)

    expect(task).toMatchObject({ state: 'completed', artifacts: [], head_ref: null })
    expect(await textsOf(id)).toContain('No changes were made')
  })

  it('leaves nothing of itself on the disk but the mirror', async () => {
    const id = await test.add({ prompt: '```sh\necho x > y\n```' })
    await test.untilEnded(id)

    await eventually(async () => {
      expect(await readdir(`${test.dataDir}/workspaces`)).toEqual([])
    })
  })
})

describe('an agent', () => {
  it('has its updates told as events, chunks of text joined', async () => {
    const id = await test.add(
      fixtureTask([
        { think: 'Let me ' },
        { think: 'see.' },
        { say: 'First ' },
        { say: 'this.' },
        { plan: ['look', 'change'] },
        { run: 'echo from the tool' },
      ]),
    )
    await test.untilEnded(id)

    const events = await test.events(id)
    const told = events.filter(({ type }) => /^(assistant|tool)\./.test(type))
    expect(joinText(told)).toEqual([
      ['assistant.thought', { content: 'Let me see.' }],
      ['assistant.message', { content: 'First this.' }],
      [
        'assistant.plan',
        {
          entries: [
            { content: 'look', status: 'pending' },
            { content: 'change', status: 'pending' },
          ],
        },
      ],
      [
        'tool.execution_start',
        {
          tool_call_id: expect.any(String),
          title: 'Run',
          kind: 'execute',
          input: { command: 'echo from the tool' },
        },
      ],
      [
        'tool.execution_complete',
        { tool_call_id: expect.any(String), status: 'completed', output: 'from the tool\n' },
      ],
    ])
  })

  it('gives the pull request its own title and body', async () => {
    const report = { title: 'A better title', body: 'What was done, and why.' }
    const id = await test.add(fixtureTask([{ run: 'echo x > a.txt' }, { report }]))
    await test.untilEnded(id)

    const pull = test.forge.pulls.at(-1)
    expect(pull?.title).toBe('A better title')
    expect(pull?.body).toContain('What was done, and why.')
    expect(pull?.body).toContain('echo x > a.txt')
  })

  it('that gives no report is taken at its last words', async () => {
    const id = await test.add(
      fixtureTask([
        { say: 'I begin.' },
        { run: 'echo x > b.txt' },
        { say: '## Added a file\n\n' },
        { say: 'It was missing.' },
      ]),
    )
    await test.untilEnded(id)

    expect(test.forge.pulls.at(-1)).toMatchObject({ title: 'Added a file' })
    expect(test.forge.pulls.at(-1)?.body).toContain('It was missing.')
  })

  it('hears what the user says while it works, in the same conversation', async () => {
    const id = await test.add(fixtureTask([{ run: 'sleep 2; echo one > one.txt' }]))
    await test.untilState(id, 'in_progress')
    await steerTask(test.store, id, { type: 'user_message', content: 'make it two', by })
    const task = await test.untilEnded(id)

    expect(task).toMatchObject({ state: 'completed', session_count: 1 })
    expect(await textsOf(id)).toContain('heard: make it two')
  })
})
