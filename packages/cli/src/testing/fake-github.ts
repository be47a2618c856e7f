import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { answerPull, createFakePull, type FakePull, presentPull } from './fake-pulls.ts'

interface StoredTask {
  id: string
  repository: string
  repositoryId: number
  prompt: string
  createdAt: number
}

export interface FakeGitHubOptions {
  repositories: readonly string[]
  /** Creates within so many milliseconds that are answered; one more meets the secondary limit. */
  limit?: { ms: number; most: number }
  /** How many creates somebody else has just sent with the same token. */
  earlier?: number
  /** What each task has cost, in nano AI credits. Default: it is not told. */
  nano?: number
  /** Which creates, from 1, are stored and then not answered. */
  lost?: readonly number[]
}

export interface FakeGitHub extends AsyncDisposable {
  url: string
  tasks: StoredTask[]
  /** When creates arrived, refused ones too. */
  createsAt: number[]
  refused: number
  /** Each repository's pull request, by `owner/name`. */
  pulls: Map<string, FakePull>
}

/**
 * A server that answers as GitHub's Agent Tasks API does where a campaign needs it: no idempotency, no
 * events, no models, pull requests by database id alone, and a secondary limit on creates.
 */
export async function openFakeGitHub(options: FakeGitHubOptions): Promise<FakeGitHub> {
  const github = {
    tasks: [] as StoredTask[],
    createsAt: [] as number[],
    refused: 0,
    pulls: new Map(options.repositories.map((name) => [name, createFakePull()])),
  }
  const openedAt = Date.now()
  const server = createServer((request, response) => {
    void answer(github, { ...options, openedAt }, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(github, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

type State = Pick<FakeGitHub, 'tasks' | 'createsAt' | 'refused' | 'pulls'>

async function answer(
  github: State,
  options: FakeGitHubOptions & { openedAt: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(status, headers).end(JSON.stringify(body))
  }
  const ofRepository = /^\/(?:agents\/)?repos\/([^/]+\/[^/]+)/.exec(pathname)?.[1]
  const id = /^\/agents\/tasks\/(.+)$/.exec(pathname)?.[1]
  // Whose token it is, it says.
  if (pathname === '/user') {
    return send(200, { login: request.headers.authorization?.replace('Bearer ghp_', '') })
  }
  const pull = github.pulls.get(ofRepository ?? '')
  if (pull !== undefined && ofRepository !== undefined) {
    const rest = pathname.slice(`/repos/${ofRepository}`.length)
    const answered = await answerPull(pull, ofRepository, rest, request)
    if (answered !== undefined) return send(answered.status, answered.body)
  }
  if (request.method === 'POST' && pathname === '/graphql') {
    return send(200, markReady(github, await json(request)))
  }
  if (request.method === 'POST' && ofRepository !== undefined) {
    const { prompt } = (await json(request)) as { prompt: string }
    const now = Date.now()
    github.createsAt.push(now)
    const retryAfterMs = limitedForMs(github, options, now)
    if (retryAfterMs > 0) {
      github.refused += 1
      const message = 'You have exceeded a secondary rate limit. Please wait a few minutes.'
      return send(403, { message }, { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) })
    }
    const repositoryId = options.repositories.indexOf(ofRepository) + 1
    const task = {
      id: randomUUID(),
      repository: ofRepository,
      repositoryId,
      prompt,
      createdAt: now,
    }
    github.tasks.push(task)
    if (options.lost?.includes(github.tasks.length) === true) {
      request.socket.destroy()
      return undefined
    }
    return send(201, present(task, options))
  }
  if (pathname === '/agents/tasks')
    return send(200, { tasks: github.tasks.map((task) => present(task, options)) })
  if (id !== undefined) {
    const task = github.tasks.find((known) => known.id === id)
    return task === undefined
      ? send(404, { message: 'Not Found' })
      : send(200, present(task, options))
  }
  if (/^\/agents\/repos\/.+\/tasks$/.test(pathname)) {
    const tasks = github.tasks.filter(({ repository }) => repository === ofRepository)
    return send(200, { tasks: tasks.map((task) => present(task, options)) })
  }
  if (/^\/repositories\/\d+$/.test(pathname)) {
    const name = options.repositories[Number(pathname.split('/').at(-1)) - 1]
    return send(200, { full_name: name })
  }
  if (pathname.endsWith('/pulls') && ofRepository !== undefined) {
    const head = searchParams.get('head')
    return send(200, [{ ...presentPull(pull ?? createFakePull(), ofRepository), head }])
  }
  const isRepository = pathname === `/repos/${ofRepository}`
  if (ofRepository !== undefined && isRepository && options.repositories.includes(ofRepository)) {
    return send(200, repositoryOf(options, ofRepository))
  }
  return send(404, { message: 'Not Found' })
}

/** The one mutation that a campaign uses. GraphQL answers its errors with 200. */
function markReady({ pulls }: State, body: unknown): object {
  const { query, variables } = body as { query: string; variables: { id: string } }
  const pull = pulls.get(variables.id.replace(/^PR_/, ''))
  if (!query.includes('markPullRequestReadyForReview') || pull === undefined) {
    return { errors: [{ message: 'Could not resolve to a node' }] }
  }
  pull.draft = false
  return { data: { markPullRequestReadyForReview: { pullRequest: { isDraft: false } } } }
}

/** How long it is until another create is taken. */
function limitedForMs(
  { tasks }: State,
  { limit, earlier = 0, openedAt }: FakeGitHubOptions & { openedAt: number },
  now: number,
): number {
  if (limit === undefined) return 0
  const createdAt = [
    ...Array.from({ length: earlier }, () => openedAt),
    ...tasks.map((task) => task.createdAt),
  ]
  const blocking = createdAt.at(-limit.most)
  return blocking === undefined ? 0 : Math.max(0, blocking + limit.ms - now)
}

function repositoryOf({ repositories }: FakeGitHubOptions, fullName: string) {
  const [login = '', name = ''] = fullName.split('/')
  return {
    id: repositories.indexOf(fullName) + 1,
    name,
    full_name: fullName,
    owner: { login },
    default_branch: 'main',
    description: null,
    html_url: `https://github.com/${fullName}`,
    private: false,
    archived: false,
    fork: false,
  }
}

/** A task of GitHub's has its repository as an id; here every one is done at once. */
function present(
  { id, repository, repositoryId, prompt, createdAt }: StoredTask,
  { nano }: FakeGitHubOptions,
) {
  const usage = nano === undefined ? {} : { usage: { type: 'ai_credits', amount: nano } }
  const created_at = new Date(createdAt).toISOString()
  return {
    id,
    name: 'A task',
    state: 'completed',
    created_at,
    updated_at: created_at,
    html_url: `https://github.com/${repository}/agents/${id}`,
    repository: { id: repositoryId },
    artifacts: [
      { provider: 'github', type: 'branch', data: { head_ref: `copilot/${id}`, base_ref: 'main' } },
      { provider: 'github', type: 'pull', data: { id: 4711 } },
    ],
    sessions: [{ id, state: 'completed', created_at, completed_at: created_at, prompt, ...usage }],
  }
}
