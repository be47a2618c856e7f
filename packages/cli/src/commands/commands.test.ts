import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Answers, openFakeServer } from '../testing/fake-server.ts'
import { runCli, type RunOptions } from '../testing/run-cli.ts'

const id = '0b83c4a1-1111-4222-8333-444455556666'
const task = {
  id,
  state: 'completed',
  name: 'Fix \u001b]0;pwned\u0007it',
  created_at: '2026-01-02T03:00:00Z',
  html_url: `http://here/me/shop/copilot/tasks/${id}`,
  repository: { id: 7 },
  session_count: 1,
  artifacts: [
    { provider: 'github', type: 'branch', data: { head_ref: 'errand/fix', base_ref: 'main' } },
    {
      provider: 'github',
      type: 'pull',
      data: { id: 3, number: 3, html_url: 'http://here/me/shop/pull/3' },
    },
  ],
  sessions: [
    {
      id: 's',
      state: 'completed',
      created_at: '2026-01-02T03:00:00Z',
      prompt: 'Fix it',
      model: 'm',
    },
  ],
}
const answers: Answers = {
  'GET /agents/tasks': { tasks: [task] },
  'GET /agents/repos/me/shop/tasks': { tasks: [task] },
  'POST /agents/repos/me/shop/tasks': task,
  [`GET /agents/tasks/${id}`]: task,
  'GET /repositories/7': { full_name: 'me/shop' },
  'GET /repos/me/shop/pulls/3': {
    id: 3,
    number: 3,
    head: { ref: 'errand/fix' },
    title: 'Fix',
    state: 'open',
  },
  [`GET /agents/tasks/${id}/diff`]: 'diff --git a/a b/a\n@@ -1 +1 @@\n-x\n+\u001b[31my\n',
}

async function run(args: string[], more: Answers = {}, options: RunOptions = {}) {
  await using server = await openFakeServer({ ...answers, ...more })
  const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'ghp_x', ...options.environment }
  const ran = await runCli(args, { ...options, environment })
  return { ...ran, asked: server.asked }
}

function stream(...events: [type: string, data: unknown][]): string {
  return events
    .map(([type, data], index) => {
      const event = {
        id: String(index + 1),
        type,
        timestamp: task.created_at,
        session_id: 's',
        data,
      }
      return `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`
    })
    .join('')
}

describe('create', () => {
  it('sends what the flags say, and prints where the task is', async () => {
    const flags = ['-R', 'me/shop', '-b', 'dev', '-a', 'tidy', '-m', 'gpt', '--head', 'fix', '--pr']

    const { out, code, asked } = await run(['create', 'Fix it', ...flags])

    expect([out, code]).toEqual([`${task.html_url}\n`, 0])
    expect(asked).toEqual([
      {
        method: 'POST',
        path: '/agents/repos/me/shop/tasks',
        token: 'ghp_x',
        body: {
          prompt: 'Fix it',
          create_pull_request: true,
          model: 'gpt',
          custom_agent: 'tidy',
          base_ref: 'dev',
          head_ref: 'fix',
        },
      },
    ])
  })

  it('reads the prompt from a file, from standard input, and the repository from the checkout', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'errand-checkout-'))
    try {
      execFileSync('git', ['init', '-q', cwd])
      execFileSync('git', ['-C', cwd, 'remote', 'add', 'origin', 'git@host:me/shop.git'])
      writeFileSync(join(cwd, 'prompt.md'), 'From a file')

      const fromFile = await run(['create', '-F', 'prompt.md'], {}, { cwd })
      const fromInput = await run(['create', '-F', '-'], {}, { cwd, input: 'From input' })

      expect(fromFile.asked[0]).toMatchObject({ body: { prompt: 'From a file' } })
      expect(fromInput.asked[0]).toMatchObject({ body: { prompt: 'From input' } })
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })

  it.each([
    ['no prompt', ['create', '-R', 'me/shop'], 'A task needs a prompt.'],
    ['two prompts', ['create', 'x', '-F', 'y', '-R', 'me/shop'], 'not both'],
    ['no repository', ['create', 'x'], 'Name the repository with -R owner/repo.'],
    ['a repository that is none', ['create', 'x', '-R', 'shop'], '`shop` is not a repository.'],
  ])('says what is wrong with %s', async (_, args, message) => {
    const { err, code, asked } = await run(args)

    expect(err).toContain(message)
    expect([code, asked]).toEqual([1, []])
  })

  it.each([
    ['completed', 0],
    ['failed', 1],
    ['timed_out', 1],
    ['cancelled', 2],
  ])('--follow prints the log and ends with the code of %s', async (state, code) => {
    const ran = await run(['create', 'Fix it', '-R', 'me/shop', '--follow'], {
      [`GET /agents/tasks/${id}`]: { ...task, state },
      [`GET /agents/tasks/${id}/events`]: stream(
        ['assistant.message', { content: 'Look' }],
        ['assistant.message', { content: 'ing \u001b[2Jaround.\nDone' }],
        ['tool.execution_start', { tool_call_id: '1', title: 'npm test' }],
        ['tool.execution_update', { tool_call_id: '1', output: 'a\nb\n' }],
        ['session.state_changed', { from: 'in_progress', to: state, attempt: 1 }],
      ),
    })

    expect(ran.code).toBe(code)
    const lines = ran.out.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d/, 'TIME'))
    expect(lines.slice(1, 8)).toEqual([
      'TIME  Looking ^[[2Jaround.',
      'TIME  Done',
      'TIME  › npm test',
      'TIME    a',
      '            b',
      `TIME  in_progress → ${state}`,
      '',
    ])
  })

  it('--follow asks an open question on a terminal and sends the answer', async () => {
    const streams = [stream(['elicitation.requested', { question_id: 'q', message: 'Which?' }])]
    let isAnswered = false

    const ran = await run(
      ['create', 'Fix it', '-R', 'me/shop', '--follow'],
      {
        [`GET /agents/tasks/${id}/events`]: () => streams.shift() ?? ': nothing\n\n',
        [`GET /agents/tasks/${id}`]: () => ({
          ...task,
          state: isAnswered ? 'completed' : 'waiting_for_user',
        }),
        [`POST /agents/tasks/${id}/steer`]: () => {
          isAnswered = true
          return { task_id: id, outcome: 'answered' }
        },
      },
      { answers: ['The second'] },
    )

    expect([ran.err, ran.code]).toEqual(['Your answer: ', 0])
    expect(ran.asked).toContainEqual(
      expect.objectContaining({ body: { type: 'ask_user_response', content: 'The second' } }),
    )
  })
})

describe('list', () => {
  it('prints a line of tabs for each task when piped, and nothing of an escape sequence', async () => {
    const { out } = await run(['list'])

    expect(out).toBe(
      [
        id,
        'completed',
        'me/shop',
        'http://here/me/shop/pull/3',
        '2026-01-02T03:00:00Z',
        'Fix ^[]0;pwned^Git\n',
      ].join('\t'),
    )
  })

  it('prints a table on a terminal', async () => {
    const { out } = await run(['list'], {}, { isInteractive: true })

    expect(out).toMatchInlineSnapshot(`
      "NAME                ID        STATE      REPOSITORY  PULL REQUEST  CREATED
      Fix ^[]0;pwned^Git  0b83c4a1  completed  me/shop     #3            about 2 hours ago
      "
    `)
  })

  it('asks for the states and the number wanted', async () => {
    const { asked } = await run(['list', '-L', '5', '--state', 'queued,failed', '-R', 'me/shop'])

    expect(asked[0]?.path).toBe(
      '/agents/repos/me/shop/tasks?per_page=5&state=queued%2Cfailed&page=1',
    )
  })

  it('prints the fields asked for as JSON, by the names of gh', async () => {
    const fields = 'id,state,repository,pullRequestNumber,pullRequestTitle,completedAt,model'

    const { out } = await run(['list', '--json', fields])

    expect(JSON.parse(out)).toEqual([
      {
        id,
        state: 'completed',
        repository: 'me/shop',
        pullRequestNumber: 3,
        pullRequestTitle: 'Fix',
        completedAt: null,
        model: 'm',
      },
    ])
  })

  it('filters the JSON by jq', async () => {
    const { out } = await run(['list', '--json', 'id,state', '--jq', '.[] | "\\(.state) \\(.id)"'])

    expect(out).toBe(`completed ${id}\n`)
  })

  it.each([
    [['list', '--json', 'id,nam'], 'Unknown JSON field: "nam"'],
    [['list', '--jq', '.'], 'say which fields with --json'],
    [['list', '--json', 'id', '--jq', '.['], '--jq: '],
    [['list', '--state', 'done'], '`done` is not a state'],
    [['list', '-L', '0'], 'It must be a whole number above 0.'],
  ])('%j says what is wrong', async (args, message) => {
    const { err, code } = await run(args)

    expect(err).toContain(message)
    expect(code).toBe(1)
  })
})

describe('view', () => {
  it.each([
    ['an id', id],
    ['the beginning of an id', '0b83c4a1'],
    ['the URL of its page', task.html_url],
    ['the URL of its pull request', 'https://host/me/shop/pull/3'],
    ['a number', '3'],
    ['a branch', 'errand/fix'],
  ])('finds a task by %s', async (_, text) => {
    const { out, code } = await run(['view', text, '-R', 'me/shop', '--json', 'id'])

    expect([JSON.parse(out), code]).toEqual([{ id }, 0])
  })

  it('shows state, prompt, branch, pull request and what comes next', async () => {
    const { out } = await run(['view', id])

    expect(out).toMatchInlineSnapshot(`
      "Fix ^[]0;pwned^Git · completed
      me/shop · created about 2 hours ago · model m

      Fix it

      branch        errand/fix → main
      pull request  http://here/me/shop/pull/3
      page          http://here/me/shop/copilot/tasks/0b83c4a1-1111-4222-8333-444455556666
      id            0b83c4a1-1111-4222-8333-444455556666

      See its changes with: errand diff 0b83c4a1-1111-4222-8333-444455556666
      "
    `)
  })

  it('tells why a task failed and what to do', async () => {
    const error = { message: 'The base branch main is gone', remedy: 'Name another with --base.' }
    const failed = {
      ...task,
      state: 'failed',
      sessions: [{ ...task.sessions[0], state: 'failed', error }],
    }

    const { out } = await run(['view', id], { [`GET /agents/tasks/${id}`]: failed })

    expect(out).toContain('The base branch main is gone\nName another with --base.')
  })

  it('says when nothing belongs to a branch', async () => {
    const { err, code } = await run(['view', 'other', '-R', 'me/shop'])

    expect([err, code]).toEqual(['No task of me/shop belongs to other.\n', 1])
  })
})

describe('the others', () => {
  it('answer refuses a task that waits for nothing', async () => {
    const { err, code } = await run(['answer', id, 'yes'])

    expect(err).toContain('The task is completed and waits for no answer.')
    expect(code).toBe(1)
  })

  it('steer tells what became of the message', async () => {
    const { err, asked } = await run(['steer', id, 'Stop that'], {
      [`POST /agents/tasks/${id}/steer`]: { task_id: id, outcome: 'queued' },
    })

    expect(asked.at(-1)?.body).toEqual({ type: 'user_message', content: 'Stop that' })
    expect(err).toBe('The agent gets it after what it is doing.\n')
  })

  it('cancel says whether it came too late', async () => {
    const path = `POST /agents/tasks/${id}/cancel`

    expect((await run(['cancel', id], { [path]: { ...task, state: 'cancelled' } })).err).toBe(
      'Cancelled.\n',
    )
    expect((await run(['cancel', id], { [path]: task })).err).toBe(
      'The task has ended already: completed.\n',
    )
  })

  it.each([
    [['steer', id, 'x'], 'take messages'],
    [['cancel', id], 'cancel tasks'],
    [['view', id, '--log'], 'show logs'],
  ])('%j says what GitHub cannot do', async (args, what) => {
    const { err, code } = await run(args)

    expect(err).toBe(
      `This server cannot ${what}: GitHub's API has no such operation, Errand's has.\n`,
    )
    expect(code).toBe(1)
  })

  it('diff is exact when piped and harmless on a terminal', async () => {
    const piped = await run(['diff', id])
    const shown = await run(['diff', id], {}, { isInteractive: true })

    expect(piped.out).toBe(answers[`GET /agents/tasks/${id}/diff`])
    expect(shown.out).toContain('+^[[31my')
  })

  it('diff asks the forge where the server has no diff of a task', async () => {
    const { out } = await run(['diff', id], {
      [`GET /agents/tasks/${id}/diff`]: 404,
      'GET /repos/me/shop/compare/main...errand%2Ffix': 'diff of the forge\n',
    })

    expect(out).toBe('diff of the forge\n')
  })
})

describe('exit codes', () => {
  it('are 4 without a token, and for one that is refused', async () => {
    const none = await runCli(['list'])
    const refused = await run(['list'], { 'GET /agents/tasks': 401 })

    expect([none.code, refused.code]).toEqual([4, 4])
    expect(none.err).toContain('errand login')
    expect(refused.err).toContain('does not accept your token')
  })

  it('are 1 when the server cannot be reached, with a sentence', async () => {
    const gone = await openFakeServer({})
    await gone[Symbol.asyncDispose]()
    const environment = { ERRAND_URL: gone.url, ERRAND_TOKEN: 'x' }

    const { err, code } = await runCli(['list'], { environment })

    expect([err, code]).toEqual([
      'The server cannot be reached. Is it running (`errand serve`), and is ERRAND_URL right?\n',
      1,
    ])
  })

  it('name the field of a 422', async () => {
    const errors = [{ code: 'custom', field: 'model', message: "model 'x' is not supported" }]
    const refusal = JSON.stringify({ message: 'Validation Failed', errors })
    await using server = await openFakeServer({})
    const { createServer } = await import('node:http')
    const refusing = createServer((_, response) => response.writeHead(422).end(refusal))
    await new Promise<void>((resolve) => refusing.listen(0, resolve))
    const { port } = refusing.address() as { port: number }
    const environment = { ERRAND_URL: `http://127.0.0.1:${port}`, ERRAND_TOKEN: 'x' }

    const { err, code } = await runCli(['create', 'x', '-R', 'me/shop', '-m', 'x'], { environment })

    expect([err, code]).toEqual(["Validation Failed. model 'x' is not supported.\n", 1])
    expect(server.asked).toEqual([])
    refusing.closeAllConnections()
    refusing.close()
  })
})
