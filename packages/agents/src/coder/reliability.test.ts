import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { accept, bash, call, finish, useCoder } from '../testing/coder-stage.ts'
import type { ModelApi, Reply } from '../testing/scripted-model.ts'

const coder = useCoder()

async function makeRepository(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(coder.path(name), text)
  const git = (...args: string[]) => execFileSync('git', ['-C', coder.workspace, ...args])
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']
  git(...who, 'commit', '--quiet', '--message', 'feat: begin')
}

const manifest = (test: string) => JSON.stringify({ scripts: { test } })
const bodyOf = (answer: { _meta?: { [key: string]: unknown } | null }) =>
  (answer._meta?.['errand'] as { body: string } | undefined)?.body

it('finds the tests, runs them, and reports by the record what the model claims otherwise', async () => {
  await makeRepository({ 'package.json': manifest('test -e good'), 'a.txt': 'one\n' })
  const sessionId = await coder.start([
    call('run_tests', { command: 'npm test' }),
    call('run_tests', { command: 'npm run deploy' }),
    call('edit_file', { path: 'a.txt', old_text: 'one', new_text: 'two' }),
    finish('Mend it', 'All tests pass.'),
  ])

  const answer = await coder.agent.prompt(sessionId, 'Mend it')

  expect(coder.model.turns[0]?.system).toContain('- npm test (tests, by package.json)')
  expect(coder.resultOf(1)).toMatch(/^Exit code 1\./)
  expect(coder.resultOf(2)).toMatch(/is not one of the commands that were found: "npm test"/)
  expect(bodyOf(answer)).toBe(
    'All tests pass.\n\n### Checks\n\nBy the record of what was run:\n\n- `npm test`: exit code 1, before the last change',
  )
  expect(coder.agent.updates).toContainEqual(
    expect.objectContaining({ kind: 'execute', rawInput: { command: 'npm test' } }),
  )
})

it('ticks only what can have been done, and leaves no step in progress behind', async () => {
  await makeRepository({ 'a.txt': 'one\n' })
  const plan = (first: string, second: string): Reply =>
    call('update_plan', {
      entries: [
        { content: 'Mend it', status: first },
        { content: 'Tell it', status: second },
      ],
    })
  const sessionId = await coder.start([
    plan('in_progress', 'pending'),
    plan('completed', 'completed'),
    call('write_file', { path: 'a.txt', content: 'two\n' }),
    plan('completed', 'in_progress'),
    finish('Mend it', 'Done.'),
  ])

  const answer = await coder.agent.prompt(sessionId, 'Mend it')

  expect(coder.resultOf(2)).toMatch(/"Mend it" is marked completed, but no tool was used/)
  const shown = coder.agent.updates.flatMap((update) =>
    update.sessionUpdate === 'plan' ? [update.entries.map(({ status }) => status)] : [],
  )
  expect(shown).toEqual([
    ['in_progress', 'pending'],
    ['completed', 'in_progress'],
    ['completed', 'pending'],
  ])
  expect(bodyOf(answer)).toMatch(/No tests were run.*### Left open.*- Tell it$/s)
})

it('runs what only reads at once, and what writes in turn', async () => {
  await makeRepository({ 'a.txt': 'one\n' })
  execFileSync('mkfifo', [coder.path('pipe')])
  const explore = { question: 'What is in a.txt?' }
  let waiting = 0
  const together = Promise.withResolvers<void>()
  const sessionId = await coder.start(({ system, index }) => {
    if (system.startsWith('You look into one question')) {
      waiting += 1
      if (waiting === 2) together.resolve()
      return { say: 'It says one.' }
    }
    if (index > 0) return finish()
    return {
      call: [
        ['explore', explore],
        ['explore', explore],
        ['write_file', { path: 'a.txt', content: 'two\n' }],
        ['read_file', { path: 'a.txt' }],
      ],
    }
  })

  await coder.agent.prompt(sessionId, 'Look')
  await together.promise

  expect(coder.resultOf(1)).toBe('1\ttwo')
  const order = coder.agent.updates.flatMap((update) => {
    if (update.sessionUpdate === 'tool_call') return [`begins ${update.toolCallId}`]
    return update.sessionUpdate === 'tool_call_update' ? [`ends ${update.toolCallId}`] : []
  })
  // Both explorations have begun before one of them has ended.
  expect(order.slice(0, 2)).toEqual(['begins 1.0', 'begins 1.1'])
  expect(order.slice(4)).toEqual(['begins 1.2', 'ends 1.2', 'begins 1.3', 'ends 1.3'])
})

it('leaves a wide search to a conversation that can only read, and gives its answer', async () => {
  await makeRepository({ 'a.txt': 'the secret is 42\n' })
  const sessionId = await coder.start(({ system, index, result }) => {
    if (!system.startsWith('You look into one question')) {
      return index === 0
        ? call('explore', { question: 'Where is the secret?' })
        : finish('It', result)
    }
    if (index === 0)
      return {
        call: [
          ['search', { pattern: 'secret' }],
          ['bash', { command: 'touch x' }],
        ],
      }
    return { say: `Found: ${result}` }
  })

  await coder.agent.prompt(sessionId, 'Find it')

  expect(coder.model.turns.at(-1)?.result).toBe('Found: There is no tool bash here.')
  expect(coder.model.turns[2]?.text).toContain('a.txt:1:the secret is 42')
  expect(coder.model.turns[1]?.tools).toEqual(['read_file', 'list_files', 'search'])
  await expect(readFile(coder.path('x'))).rejects.toThrow('ENOENT')
})

it('ends an exploration that does not end by itself', async () => {
  await makeRepository({ 'a.txt': 'one\n' })
  let asked = 0
  const sessionId = await coder.start(({ system, index, user }) => {
    if (!system.startsWith('You look into one question')) {
      return index === 0 ? call('explore', { question: 'What?' }) : finish()
    }
    asked += 1
    if (user.startsWith('[No more tools')) return { say: 'I do not know.' }
    return call('list_files', {})
  })

  await coder.agent.prompt(sessionId, 'Look')

  expect(asked).toBe(25)
  expect(coder.model.turns.at(-1)?.result).toBe('I do not know.')
})

it('ends well when no more may be spent, and says what is left', async () => {
  await makeRepository({ 'a.txt': 'one\n' })
  const plan = {
    entries: [
      { content: 'Mend it', status: 'pending' },
      { content: 'Test it', status: 'pending' },
    ],
  }
  const sessionId = await coder.start(({ index }) => {
    if (index === 0) return { say: 'I mend it.', call: [['update_plan', plan]] }
    if (index === 1) return call('write_file', { path: 'a.txt', content: 'two\n' })
    return { fail: 429, code: 'insufficient_quota' }
  })

  const answer = await coder.agent.prompt(sessionId, 'Mend it')

  expect(answer.stopReason).toBe('max_tokens')
  expect(bodyOf(answer)).toMatch(/^The coder stopped at what may be spent \(.*429.*\), before/)
  expect(bodyOf(answer)).toMatch(/- Mend it\n- Test it$/)
  // It was not asked again and again.
  expect(coder.model.turns).toHaveLength(3)
})

it('tells the model near its limit of tokens, and stops at it', async () => {
  let at = 0
  const sessionId = await coder.start(
    () => ({ ...bash(`echo ${(at += 1)}`), counts: { input: 90, output: 10 } }),
    { env: { ERRAND_TOKEN_LIMIT: '1000' } },
  )

  const answer = await coder.agent.prompt(sessionId, 'Work')

  expect(answer.stopReason).toBe('max_tokens')
  expect(coder.model.turns).toHaveLength(10)
  expect(coder.model.turns[8]?.text).toContain('[Of the 1000 tokens of this task 800 are used.')
})

it('stops at its limit of tokens in an exploration too', async () => {
  const counts = { input: 90, output: 10 }
  const sessionId = await coder.start(
    ({ system }) =>
      system.startsWith('You look into one question')
        ? { ...call('list_files', {}), counts }
        : { ...call('explore', { question: 'What?' }), counts },
    { env: { ERRAND_TOKEN_LIMIT: '500' } },
  )

  const answer = await coder.agent.prompt(sessionId, 'Look')

  expect(answer.stopReason).toBe('max_tokens')
  expect(coder.model.turns).toHaveLength(5)
})

it('is told that it goes round in circles, and stopped', async () => {
  const sessionId = await coder.start([call('list_files', {})])

  const answer = await coder.agent.prompt(sessionId, 'Work')

  expect(answer.stopReason).toBe('max_turn_requests')
  expect(coder.model.turns).toHaveLength(9)
  expect(coder.model.turns[4]?.user).toMatch(/^\[You repeat calls/)
  expect(JSON.stringify(answer)).toContain('8 steps that brought nothing new')
})

it('keeps the goal, what was said, the plan and the diff when old turns are left out', async () => {
  await makeRepository({ 'a.txt': 'one\n', 'big.txt': `${'word '.repeat(20)}\n`.repeat(400) })
  const long = { say: 'I go on.', call: [['read_file', { path: 'big.txt' }]] } as Reply
  let summaries = 0
  const sessionId = await coder.start(
    ({ system, text, index }) => {
      if (system.startsWith('You are given the record')) {
        summaries += 1
        return summaries === 1 ? { fail: 400 } : { say: 'The summary says nothing.' }
      }
      if (text.includes('left out to save room.]')) return finish()
      if (index === 0) return call('ask_user', { question: 'Which number?' })
      if (index === 1) {
        const entries = [{ content: 'Write the number', status: 'pending' }]
        return {
          call: [
            ['update_plan', { entries }],
            ['write_file', { path: 'a.txt', content: 'seventeen\n' }],
          ],
        }
      }
      // Each is another place of the file: nothing is repeated.
      return { ...long, call: [['read_file', { path: 'big.txt', offset: index }]] }
    },
    {
      env: { ERRAND_CONTEXT_WINDOW: '16000', ERRAND_MAX_OUTPUT_TOKENS: '2000' },
      answer: async () => accept('Seventeen, as always.'),
    },
  )

  await coder.agent.prompt(sessionId, 'Write the number')

  const { text = '' } = coder.model.turns.at(-1) ?? {}
  expect(summaries).toBe(1)
  expect(text).toContain('Write the number')
  expect(text).toContain(
    'You asked: Which number?\nThe user: The user answers: Seventeen, as always.',
  )
  expect(text).toContain('- [ ] Write the number')
  expect(text).toContain('-one\n+seventeen')
})

it('asks again when an error without a code comes in the middle of an answer', async () => {
  const error = { error: { message: 'The engine has stopped.', type: null, code: null } }
  const sessionId = await coder.start(({ count }) =>
    count === 0
      ? {
          say: 'This is a long answer that breaks off.'.repeat(5),
          sends: (events) => [...events.slice(0, 3), `data: ${JSON.stringify(error)}\n\n`],
        }
      : finish(),
  )

  const answer = await coder.agent.prompt(sessionId, 'Do it')

  expect(answer.stopReason).toBe('end_turn')
  expect(coder.model.turns).toHaveLength(2)
  expect(JSON.stringify(coder.agent.updates)).toContain(
    "The model's server broke off its answer (The engine has stopped.); trying again",
  )
})

it.each([
  ['invalid_request_error', "The model's server broke off its answer (No.)."],
  ['insufficient_quota', "The model's server broke off its answer (No.)."],
])('does not ask again after %s in the middle of an answer', async (code, message) => {
  const error = { error: { message: 'No.', code } }
  const sessionId = await coder.start([
    { say: 'Yes.', sends: () => [`data: ${JSON.stringify(error)}\n\n`] },
  ])

  await expect(coder.agent.prompt(sessionId, 'Do it')).rejects.toMatchObject({ message })

  expect(coder.model.turns).toHaveLength(1)
})

it.each<[reason: string, api: ModelApi, change: (events: string) => string]>([
  [
    'MALFORMED_FUNCTION_CALL',
    'generate_content',
    (events) => events.replaceAll('"STOP"', '"MALFORMED_FUNCTION_CALL"'),
  ],
  [
    'UNEXPECTED_TOOL_CALL',
    'generate_content',
    (events) => events.replaceAll('"STOP"', '"UNEXPECTED_TOOL_CALL"'),
  ],
  [
    'response.failed',
    'responses',
    (events) =>
      events
        .replaceAll('"type":"response.completed"', '"type":"response.failed","sequence_number":9')
        .replaceAll('"status":"completed"', '"status":"failed","error":null'),
  ],
])('asks again after an answer that ends by %s', async (_, api, change) => {
  const sessionId = await coder.start(
    ({ count }) =>
      count === 0
        ? { say: 'I call a tool.', sends: (events) => [change(events.join(''))] }
        : finish(),
    { api },
  )

  const answer = await coder.agent.prompt(sessionId, 'Do it')

  expect(answer._meta).toMatchObject({ errand: { title: 'Done' } })
  expect(JSON.stringify(coder.agent.updates)).toContain('The answer failed (')
})

it('takes an answer for whole that ends in words of another server', async () => {
  const sessionId = await coder.start([
    {
      say: 'It is done.',
      sends: (events) => events.map((event) => event.replace('"stop"', '"eos_token"')),
    },
  ])

  const answer = await coder.agent.prompt(sessionId, 'Do it')

  expect(answer).toMatchObject({
    stopReason: 'end_turn',
    _meta: { errand: { title: 'It is done' } },
  })
  expect(coder.model.turns).toHaveLength(1)
})

it('has an exploration give an answer again that was cut off', async () => {
  const sessionId = await coder.start(({ system, index, user }) => {
    if (!system.startsWith('You look into one question')) {
      return index === 0 ? call('explore', { question: 'What?' }) : finish()
    }
    if (user.startsWith('[Your answer was cut off')) return { say: 'In short: 42.' }
    return { say: 'It is a long story that', isTooLong: true }
  })

  await coder.agent.prompt(sessionId, 'Look')

  expect(coder.model.turns.at(-1)?.result).toBe('In short: 42.')
})

it('is asked to go on or to finish when its answers are empty', async () => {
  const sessionId = await coder.start(({ index, user }) => {
    if (index === 0) return bash('echo done')
    return user.startsWith('[Your answer was empty.') ? finish('Mended') : { say: '' }
  })

  const answer = await coder.agent.prompt(sessionId, 'Mend it')

  expect(answer._meta).toMatchObject({ errand: { title: 'Mended' } })
  // The work, an empty answer, the same question once more, and the end.
  expect(coder.model.turns).toHaveLength(4)
})

it('stops, and says so, when all further answers are empty', async () => {
  const sessionId = await coder.start([
    { say: 'I mend it.', call: [['list_files', {}]] },
    { say: '' },
  ])

  const answer = await coder.agent.prompt(sessionId, 'Mend it')

  expect(answer.stopReason).toBe('max_turn_requests')
  expect(bodyOf(answer)).toMatch(/^The coder stopped at answers that were empty, .*I mend it\./s)
  expect(coder.model.turns).toHaveLength(5)
})

it('fails when the model says nothing at all', async () => {
  const sessionId = await coder.start([{ say: '' }])

  await expect(coder.agent.prompt(sessionId, 'Mend it')).rejects.toMatchObject({
    message: "The model's answers were empty.",
  })
})

it('tells the model no half of a character, wherever a tool has cut', async () => {
  const lines = ['', 'a'].map((before) => `wave ${before}${'👋'.repeat(2000)}`)
  await makeRepository({ 'a.txt': lines.join('\n') })
  const tools: Reply['call'] = [
    ['read_file', { path: 'a.txt' }],
    ['search', { pattern: 'wave' }],
  ]
  const sessionId = await coder.start(({ system, index }) => {
    if (system.startsWith('You look into one question')) {
      return index === 0 ? { call: tools } : { say: 'They wave.' }
    }
    if (index === 0) return { call: tools }
    return index === 1 ? call('explore', { question: 'What do they do?' }) : finish()
  })

  await coder.agent.prompt(sessionId, 'Look')

  expect(coder.model.turns).toHaveLength(5)
  for (const { text } of coder.model.turns.slice(1)) {
    expect(text.isWellFormed()).toBe(true)
  }
  expect(coder.model.turns[1]?.text).toContain('[... line cut]')
})

it('lets an exploration read as much as its own window has room for', async () => {
  const lines = Array.from({ length: 200 }, (_, at) => `line ${at} of a file\n`)
  await makeRepository({ 'a.txt': lines.join('') })
  const listed: Reply['call'] = Array.from({ length: 7 }, () => ['list_files', {}])
  const sessionId = await coder.start(
    ({ system, index }) => {
      if (system.startsWith('You look into one question')) {
        return index === 0 ? call('read_file', { path: 'a.txt' }) : { say: 'I have read it.' }
      }
      if (index > 0) return finish()
      return { call: [['explore', { question: 'What is in a.txt?' }], ...listed] }
    },
    { env: { ERRAND_CONTEXT_WINDOW: '16000', ERRAND_MAX_OUTPUT_TOKENS: '2000' } },
  )

  await coder.agent.prompt(sessionId, 'Look')

  expect(coder.model.turns[2]?.text).toContain('line 199 of a file')
})
