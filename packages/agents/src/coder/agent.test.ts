import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { builtinPrograms } from '../index.ts'
import { agentConformance } from '../testing/agent-conformance.ts'
import { accept, bash, finish, useCoder } from '../testing/coder-stage.ts'
import {
  modelApis,
  startScriptedModel,
  type Reply,
  type ScriptedModel,
} from '../testing/scripted-model.ts'
import { startAgent, toldText } from '../testing/start-agent.ts'

const conformanceModels: ScriptedModel[] = []
afterEach(async () => {
  for (const model of conformanceModels.splice(0)) await model[Symbol.asyncDispose]()
})

agentConformance('coder', true, async (cwd, home) => {
  const model = await startScriptedModel(({ user, result }) => {
    if (result !== '') return finish()
    return user === 'fail' ? { fail: 401 } : bash(user)
  })
  conformanceModels.push(model)
  const { entry } = builtinPrograms.agents.coder
  return {
    agent: await startAgent({ entry, cwd, home, env: model.env('chat_completions') }),
    appends: (file, line) => `sleep 0.05; echo ${line} >> ${file}`,
    sleeps: (seconds) => `sleep ${seconds}`,
    fails: 'fail',
  }
})

const coder = useCoder()

it('hears what the user says while it works after the tool it is at', async () => {
  const sessionId = await coder.start(({ index, user }) => {
    if (index === 0) return bash('until [ -e go ]; do sleep 0.05; done')
    return finish(user.includes('mind the gap') ? 'Minded' : 'Not minded')
  })

  const working = coder.agent.prompt(sessionId, 'Work')
  await expect
    .poll(() => JSON.stringify(coder.agent.updates), { timeout: 20_000 })
    .toContain('until [ -e go ]')
  const during = await coder.agent.steer(sessionId, 'And mind the gap')
  await writeFile(coder.path('go'), '')
  const answer = await working
  const after = await coder.agent.steer(sessionId, 'Too late')

  expect(during).toEqual({ outcome: 'injected' })
  expect(answer._meta).toMatchObject({ errand: { title: 'Minded' } })
  expect(after).toEqual({ outcome: 'promptRequired' })
})

it.each([
  ['at a limit', 'max_turn_requests', async () => {}],
  ['by being cancelled', 'cancelled', (id: string) => coder.agent.cancel(id)],
])('says that it has not heard what it was told before it ended %s', async (_, stopReason, end) => {
  const sessionId = await coder.start([bash('until [ -e go ]; do sleep 0.05; done')], {
    env: { ERRAND_STEP_LIMIT: '1' },
  })

  const working = coder.agent.prompt(sessionId, 'Work')
  await expect
    .poll(() => JSON.stringify(coder.agent.updates), { timeout: 20_000 })
    .toContain('until [ -e go ]')
  const during = await coder.agent.steer(sessionId, 'And mind the gap')
  await end(sessionId)
  await writeFile(coder.path('go'), '')
  const answer = await working
  const after = await coder.agent.steer(sessionId, 'Too late')

  expect(during).toEqual({ outcome: 'injected' })
  expect(answer).toMatchObject({ stopReason, _meta: { steering: { unheard: 1 } } })
  expect(after).toEqual({ outcome: 'promptRequired' })
})

describe.each(modelApis)('over %s, the coder', (api) => {
  it('reads, edits, runs the tests, asks, plans and finishes', async () => {
    await writeFile(coder.path('sum.js'), 'export const sum = (a, b) => a - b\n')
    await writeFile(
      coder.path('sum.test.js'),
      `import { sum } from './sum.js'\nimport { test } from 'node:test'\nimport assert from 'node:assert'\ntest('adds', () => assert.equal(sum(1, 2), 3))\n`,
    )
    const questions: string[] = []
    const sessionId = await coder.start(
      [
        { think: 'Where is it?', say: 'I look at it.', call: [['read_file', { path: 'sum.js' }]] },
        {
          call: [
            ['update_plan', { entries: [{ content: 'Mend sum', status: 'in_progress' }] }],
            ['edit_file', { path: 'sum.js', old_text: 'a - b', new_text: 'a + b' }],
          ],
        },
        bash('node --test sum.test.js'),
        { call: [['ask_user', { question: 'A file of notes?', options: ['yes', 'no'] }]] },
        { call: [['write_file', { path: 'docs/notes.md', content: 'Mended.\n' }]] },
        finish('Mend sum', 'It subtracted.'),
      ],
      {
        api,
        async answer(question) {
          questions.push(question.message)
          return accept('yes, please')
        },
      },
    )

    const answer = await coder.agent.prompt(sessionId, 'The sum is wrong. Mend it.')

    expect(answer).toEqual({
      stopReason: 'end_turn',
      _meta: {
        errand: {
          title: 'Mend sum',
          body: 'It subtracted.\n\n### Checks\n\nBy the record of what was run:\n\n- `node --test sum.test.js`: exit code 0, before the last change\n\n### Left open\n\nOf the plan:\n\n- Mend sum',
        },
      },
    })
    expect(await readFile(coder.path('sum.js'), 'utf8')).toContain('a + b')
    expect(await readFile(coder.path('docs/notes.md'), 'utf8')).toBe('Mended.\n')
    expect(coder.resultOf(1)).toBe('1\texport const sum = (a, b) => a - b')
    expect(coder.resultOf(3)).toMatch(/^Exit code 0\.[\s\S]*# pass 1|ℹ pass 1/)
    expect(questions).toEqual(['A file of notes?\n\n- yes\n- no'])
    expect(coder.resultOf(4)).toBe('The user answers: yes, please')
    expect(toldText(coder.agent.updates)).toContain('I look at it.')
    expect(coder.agent.updates).toContainEqual({
      sessionUpdate: 'plan',
      entries: [{ content: 'Mend sum', status: 'in_progress', priority: 'medium' }],
    })
    expect(coder.agent.updates).toContainEqual(
      expect.objectContaining({
        kind: 'execute',
        rawInput: { command: 'node --test sum.test.js' },
      }),
    )
    expect(
      coder.agent.updates
        .filter((update) => update.sessionUpdate === 'tool_call')
        .map(({ kind }) => kind),
    ).toEqual(['read', 'edit', 'execute', 'other', 'edit'])
    expect(coder.agent.updates).toContainEqual(
      expect.objectContaining({ sessionUpdate: 'usage_update', size: 128_000 }),
    )
    expect(coder.model.turns.every(({ maxTokens }) => maxTokens === 16_000)).toBe(true)
  })

  it('tells what the model thinks', async () => {
    const sessionId = await coder.start([{ think: 'Deep thoughts.', ...finish() }], { api })

    await coder.agent.prompt(sessionId, 'Think')

    const thoughts = coder.agent.updates.map((update) =>
      update.sessionUpdate === 'agent_thought_chunk' && update.content.type === 'text'
        ? update.content.text
        : '',
    )
    expect(thoughts.join('')).toBe('Deep thoughts.')
  })

  it('tells the model what was wrong with a call, so that it can mend it', async () => {
    await writeFile(coder.path('a.txt'), 'one\n  two\n')
    const sessionId = await coder.start(
      [
        { call: [['edit_file', { path: 'a.txt', old: 'one' }]] },
        { call: [['edit_file', '{"path": "a.txt", "old_te']] },
        { call: [['edit_fiel', {}]] },
        { call: [['edit_file', { path: 'a.txt', old_text: 'one\ntwo', new_text: 'x' }]] },
        { call: [['edit_file', { path: 'a.txt', old_text: 'one\n  two', new_text: 'x' }]] },
        finish(),
      ],
      { api },
    )

    await coder.agent.prompt(sessionId, 'Edit it')

    expect(coder.resultOf(1)).toMatch(/edit_file was not run: .*old_text/s)
    expect(coder.resultOf(2)).toMatch(
      /edit_file was not run: (its input is not JSON|.*expected string)/s,
    )
    expect(coder.resultOf(3)).toMatch(/There is no tool edit_fiel\. There are: read_file, /)
    expect(coder.resultOf(4)).toMatch(/line 1 and on differ from it only in white space/)
    expect(coder.resultOf(5)).toBe('Replaced at line 1 of a.txt.')
    expect(await readFile(coder.path('a.txt'), 'utf8')).toBe('x\n')
  })

  it('is killed while its question is open, and goes on with the answer in another process', async () => {
    const script: Reply[] = [
      { call: [['ask_user', { question: 'Which colour?' }]] },
      { call: [['write_file', { path: 'colour.txt', content: 'blue' }]] },
      finish('Paint it', 'Blue.'),
    ]
    let asked = 0
    const sessionId = await coder.start(script, {
      api,
      answer: () => {
        asked += 1
        return new Promise(() => undefined)
      },
    })
    coder.agent.prompt(sessionId, 'Paint it').catch(() => undefined)
    await expect.poll(() => asked, { timeout: 20_000 }).toBe(1)
    await coder.agent.kill()

    await coder.restart({ api, answer: async () => accept('never asked') })
    await coder.agent.load(sessionId)
    const answer = await coder.agent.prompt(sessionId, 'Blue, the light one.')

    expect(answer._meta).toEqual({
      errand: {
        title: 'Paint it',
        body: 'Blue.\n\n### Checks\n\nNo tests were run: none were found in the repository.',
      },
    })
    expect(coder.resultOf(1)).toBe('Blue, the light one.')
    expect(coder.agent.updates).toContainEqual(
      expect.objectContaining({
        toolCallId: '1.0',
        status: 'completed',
        content: [
          {
            type: 'content',
            content: { type: 'text', text: expect.stringContaining('light one') },
          },
        ],
      }),
    )
  })

  it('tells the model of tools that were interrupted by its death', async () => {
    const sessionId = await coder.start(
      [{ call: [['bash', { command: 'echo $$ > pid; sleep 1000' }]] }, finish()],
      { api },
    )
    coder.agent.prompt(sessionId, 'Sleep').catch(() => undefined)
    const readPid = () => readFile(coder.path('pid'), 'utf8').catch(() => '')
    await expect.poll(readPid, { timeout: 20_000 }).toMatch(/\d+\n/)
    await coder.agent.kill()
    process.kill(-Number(await readPid()), 'SIGKILL')

    await coder.restart({ api })
    await coder.agent.load(sessionId)
    const answer = await coder.agent.prompt(sessionId, 'Go on')

    expect(answer).toMatchObject({ stopReason: 'end_turn' })
    expect(coder.model.turns.at(-1)?.text).toContain(
      'Interrupted: this was not run, or not to its end',
    )
    expect(coder.model.turns.at(-1)?.user).toBe('Go on')
  })

  it('asks again when the server is overloaded', async () => {
    const sessionId = await coder.start(({ count }) => (count === 0 ? { fail: 529 } : finish()), {
      api,
    })

    const answer = await coder.agent.prompt(sessionId, 'Do it')

    expect(answer).toMatchObject({ stopReason: 'end_turn' })
    expect(coder.model.turns).toHaveLength(2)
    expect(JSON.stringify(coder.agent.updates)).toMatch(
      /The model's server answered 529 .*trying again in/,
    )
  })

  it('does not ask again when the server says no', async () => {
    const sessionId = await coder.start([{ fail: 401 }], { api })

    await expect(coder.agent.prompt(sessionId, 'Do it')).rejects.toMatchObject({
      message: "The model's server answered 401 (scripted 401).",
      data: { category: 'model' },
    })
    expect(coder.model.turns).toHaveLength(1)
  })

  it('asks again when the answer breaks off', async () => {
    const sessionId = await coder.start(
      ({ count }) =>
        count === 0
          ? { say: 'This is a long answer that breaks off.'.repeat(5), breaksOff: true }
          : finish(),
      { api },
    )

    const answer = await coder.agent.prompt(sessionId, 'Do it')

    expect(answer._meta).toEqual({ errand: { title: 'Done', body: 'All of it.' } })
    expect(coder.model.turns[1]?.text).not.toContain('breaks off')
  })

  it.each([0, 3])('asks again when the answer just ends after %i events', async (count) => {
    const sessionId = await coder.start(
      (turn) =>
        turn.count === 0
          ? {
              say: 'This is a long answer that breaks off.'.repeat(5),
              sends: (events) => events.slice(0, count),
            }
          : finish(),
      { api },
    )

    const answer = await coder.agent.prompt(sessionId, 'Do it')

    expect(answer._meta).toMatchObject({ errand: { title: 'Done' } })
    expect(coder.model.turns).toHaveLength(2)
    expect(coder.model.turns[1]?.text).not.toContain('breaks off')
  })
})
