import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createErrandTaskCreateAction } from './actions/create-task.ts'
import { createErrandTaskWaitAction } from './actions/wait-for-task.ts'
import { runAction, targetsOf } from './testing/run-action.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const repository = { host: 'ghe.example.com', owner: 'acme', fullName: 'acme/shop' }
const url = 'http://127.0.0.1:1'

describe('the server that tasks go to', () => {
  it('is Errand wherever app-config names one', async () => {
    const client = await targetsOf({
      errand: { baseUrl: 'https://errand.example.com/', token: 't' },
    }).clientFor(repository, {})

    expect(client.baseUrl).toBe('https://errand.example.com')
  })

  it('is the API of the GitHub integration of the host otherwise', async () => {
    const github = [{ host: 'ghe.example.com', apiBaseUrl: 'https://ghe.example.com/api/v3' }]
    const targets = targetsOf({ integrations: { github } })
    const credentials = { token: 't' }

    expect((await targets.clientFor(repository, credentials)).baseUrl).toBe(github[0]?.apiBaseUrl)
    expect((await targets.clientFor({ owner: 'acme' }, credentials)).baseUrl).toBe(
      'https://api.github.com',
    )
    await expect(targets.clientFor({ ...repository, host: 'x.org' }, credentials)).rejects.toThrow(
      'No GitHub integration is configured for x.org',
    )
  })

  it.each([
    [{ errand: { baseUrl: url } }, 'set errand.token in app-config'],
    [{ integrations: {} }, 'There is no token for github.com'],
  ])('asks for a token where there is none: %j', async (config, message) => {
    await expect(targetsOf(config).clientFor({ owner: 'acme' }, {})).rejects.toThrow(message)
  })
})

describe('on GitHub', () => {
  const user = { USER_OAUTH_TOKEN: 'ofUser' }
  const own = { token: 'ofStep' }

  it.each([
    ['the step', { ...own, secrets: user }, 'ofStep'],
    ['the user', { secrets: user }, 'ofUser'],
    ['the integration', {}, 'ofIntegration'],
  ])('the token is that of %s', async (_, { secrets, ...input }: Given, expected) => {
    const github = await serveGitHub()
    const action = createErrandTaskCreateAction(github.targets)

    await runAction(
      action,
      { repoUrl: 'ghe.example.com?owner=acme&repo=shop', prompt: 'p', ...input },
      secrets === undefined ? {} : { secrets },
    )

    expect(new Set(github.tokens)).toEqual(new Set([`Bearer ${expected}`]))
  })

  it('a task is told by the mark on its prompt, so that a second run finds it', async () => {
    const github = await serveGitHub()
    const action = createErrandTaskCreateAction(github.targets)
    const input = { repoUrl: 'ghe.example.com?owner=acme&repo=shop', prompt: 'Do it' }
    const run = { task: { id: 'run-1' } }

    const first = await runAction(action, input, run)
    const again = await runAction(action, input, run)

    expect(again.output.taskId).toBe(first.output.taskId)
    expect(github.prompts).toHaveLength(1)
    expect(github.prompts[0]).toMatch(/^Do it\n\n<!-- errand-campaign: /)
  })

  it('a question is told of with its address, and the pull request is found by its branch', async () => {
    const github = await serveGitHub(['waiting_for_user', 'completed'])
    const action = createErrandTaskWaitAction(github.targets)

    const { output, log } = await runAction(action, {
      taskId: 't1',
      repoUrl: 'ghe.example.com?owner=acme&repo=shop',
    })

    expect(output).toMatchObject({ pullRequestUrl: 'https://ghe.example.com/acme/shop/pull/7' })
    expect(log[0]).toBe(
      'warn The agent asks a question and waits for its answer: https://ghe.example.com/t1',
    )
  })

  it('a task cannot be cancelled, and the log says that it goes on', async () => {
    const github = await serveGitHub(['in_progress'])
    const run = new AbortController()
    const log: string[] = []
    const note = (message: string): void => void log.push(message)
    const logger = { error: note, warn: note, info: note, debug: note, child: () => logger }

    const waiting = runAction(
      createErrandTaskWaitAction(github.targets),
      { taskId: 't1', repoUrl: 'ghe.example.com?owner=acme&repo=shop' },
      { signal: run.signal, logger },
    )
    await github.asked
    run.abort()

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    expect(log.at(-1)).toBe("The task t1 goes on: GitHub's API cannot cancel it.")
  })
})

interface Given {
  token?: string
  secrets?: Record<string, string>
}

/** Answers as GitHub does: no models, no keys, no cancelling, and pull requests by branch alone. */
async function serveGitHub(states: string[] = ['completed']) {
  const tokens: unknown[] = []
  const prompts: string[] = []
  const asked = Promise.withResolvers<void>()
  const present = (state: string) => ({
    id: 't1',
    state,
    created_at: '2026-01-02T03:04:05Z',
    html_url: 'https://ghe.example.com/t1',
    repository: { id: 5 },
    artifacts: [
      { provider: 'github', type: 'branch', data: { head_ref: 'copilot/1', base_ref: 'main' } },
      { provider: 'github', type: 'pull', data: { id: 4711 } },
    ],
    sessions: [{ id: 's1', state, created_at: '2026-01-02T03:04:05Z', prompt: prompts[0] }],
  })
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization)
    const path = (request.url ?? '').replace('/api/v3', '').replace(/\?.*/, '')
    const answers: Record<string, () => unknown> = {
      'GET /agents/repos/acme/shop/tasks': () => ({
        tasks: prompts.length === 0 ? [] : [present('queued')],
      }),
      'POST /agents/repos/acme/shop/tasks': () => present('queued'),
      'GET /agents/tasks/t1': () => {
        asked.resolve()
        return present((states.length > 1 ? states.shift() : states[0]) ?? '')
      },
      'GET /repositories/5': () => ({ full_name: 'acme/shop' }),
      'GET /repos/acme/shop/pulls': () => [
        { number: 7, html_url: 'https://ghe.example.com/acme/shop/pull/7' },
      ],
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answer = answers[`${request.method} ${path}`]
      if (request.method === 'POST' && answer !== undefined) {
        prompts.push((JSON.parse(Buffer.concat(chunks).toString()) as { prompt: string }).prompt)
      }
      response.writeHead(answer === undefined ? 404 : 200)
      response.end(JSON.stringify(answer === undefined ? { message: 'Not Found' } : answer()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const apiBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`
  const github = [{ host: 'ghe.example.com', apiBaseUrl, token: 'ofIntegration' }]
  return { targets: targetsOf({ integrations: { github } }), tokens, prompts, asked: asked.promise }
}
