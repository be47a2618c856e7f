import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'

// Number 12 of behaviour.md 7.4: what clients look for in a refusal, read in their code (2.4).

let errand: Errand
const tasks = '/agents/repos/acme/sums/tasks'
const body = JSON.stringify({ prompt: 'p', model: 'script' })

beforeAll(async () => {
  errand = await startErrand({
    settings: { runner: { enabled: false }, rate_limits: { per_hour: 40, created_per_minute: 3 } },
  })
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

/** A caller with limits of their own. */
async function newToken(): Promise<string> {
  const { id } = (await (await errand.client.request('GET', '/user')).json()) as { id: number }
  return errand.forge.createToken({ user: { id }, kind: 'classic' })
}

function call(path: string, token: string, init: RequestInit = {}): Promise<Response> {
  return checkedFetch(`${errand.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}` },
  })
}

it('refuses creating too fast in words that go-github, Octokit and githubkit know', async () => {
  const token = await newToken()
  for (let n = 0; n < 3; n += 1) {
    expect((await call(tasks, token, { method: 'POST', body })).status).toBe(201)
  }

  const refused = await call(tasks, token, { method: 'POST', body })
  const answer = (await refused.json()) as { message: string; documentation_url: string }
  const read = await call('/agents/tasks', token)

  expect([403, 429]).toContain(refused.status)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  expect(answer.message).toMatch(/\bsecondary rate\b/i)
  expect(answer.documentation_url).toMatch(/secondary-rate-limits$/)
  // go-github would refuse every further call by itself.
  expect(refused.headers.get('x-ratelimit-remaining')).not.toBe('0')
  expect(read.status).toBe(200)
})

it('is known by the throttling of an unmodified Octokit', async () => {
  const token = await newToken()
  const waits: number[] = []
  const octokit = new Octokit({
    baseUrl: errand.url,
    auth: token,
    // What is tried is that it knows the refusal, not how long it waits.
    retry: { enabled: false },
    throttle: {
      minimumSecondaryRateRetryAfter: 1,
      onRateLimit: () => false,
      onSecondaryRateLimit: (seconds: number) => {
        waits.push(seconds)
        return false
      },
    },
  })
  for (let n = 0; n < 3; n += 1) await call(tasks, token, { method: 'POST', body })

  const create = octokit.request('POST /agents/repos/{owner}/{repo}/tasks', {
    owner: 'acme',
    repo: 'sums',
    prompt: 'p',
    model: 'script',
  })

  await expect(create).rejects.toMatchObject({ message: expect.stringMatching(/secondary rate/) })
  expect(waits).toEqual([expect.any(Number)])
})

it('counts down, answers 304 for free, and refuses when nothing remains', async () => {
  const token = await newToken()
  const remaining = (response: Response): number =>
    Number(response.headers.get('x-ratelimit-remaining'))

  const first = await call('/agents/tasks', token)
  const etag = first.headers.get('etag') ?? ''
  const unchanged = await checkedFetch(`${errand.url}/agents/tasks`, {
    headers: { authorization: `Bearer ${token}`, 'if-none-match': etag },
  })
  const free = await call('/rate_limit', token)
  const second = await call('/agents/tasks', token)
  for (let left = remaining(second); left > 0; left -= 1) await call('/agents/tasks', token)
  const refused = await call('/agents/tasks', token)

  expect(unchanged.status).toBe(304)
  expect(remaining(free)).toBe(remaining(first))
  expect(remaining(second)).toBe(remaining(first) - 1)
  expect([403, 429]).toContain(refused.status)
  expect(remaining(refused)).toBe(0)
  expect(Number(refused.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000)
  expect(((await refused.json()) as { message: string }).message).toMatch(/API rate limit exceeded/)
})

it('has a place for each request of a tool of /mcp, one after the other', async () => {
  const settings = { runner: { enabled: false }, rate_limits: { per_hour: 0, concurrent: 1 } }
  await using narrow = await startErrand({ settings })
  await narrow.addRepository('acme/sums')
  const mcp = new Client({ name: 'test', version: '1' })
  await mcp.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', narrow.url), {
      requestInit: { headers: { authorization: `Bearer ${narrow.token}` } },
    }),
  )

  const isErrors = []
  for (let n = 0; n < 4; n += 1) {
    const args = { repository: 'acme/sums', prompt: `p ${n}`, model: 'script' }
    const answer = await mcp.callTool({ name: 'start_agent_task', arguments: args })
    isErrors.push(answer.isError === true ? answer.content : false)
  }
  await mcp.close()

  expect(isErrors).toEqual([false, false, false, false])
})
