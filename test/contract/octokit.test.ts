import { Octokit } from 'octokit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { scriptPrompt, untilState } from '../support/tasks.ts'

// Every answer is held against the contract by checkedFetch, on its way to Octokit.

let errand: Errand
const repo = { owner: 'acme', repo: 'sums' }

beforeAll(async () => {
  errand = await startErrand()
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

function octokitAt(baseUrl: string): Octokit {
  return new Octokit({
    baseUrl,
    auth: errand.token,
    request: { fetch: checkedFetch },
    // A violation of the contract would be retried as if the network had failed.
    retry: { enabled: false },
  })
}

describe.each(['', '/api/v3'])('an unmodified Octokit at %s/', (prefix) => {
  it('starts a task, finds it by all four readings, and sees it complete', async () => {
    const octokit = octokitAt(`${errand.url}${prefix}`)

    const created = await octokit.request('POST /agents/repos/{owner}/{repo}/tasks', {
      ...repo,
      prompt: scriptPrompt('echo "By Octokit." >> README.md'),
      model: 'script',
      create_pull_request: true,
    })
    const { id } = created.data
    await untilState(errand.client, id, 'completed')
    const byId = await octokit.request('GET /agents/tasks/{task_id}', { task_id: id })
    const path = 'GET /agents/repos/{owner}/{repo}/tasks/{task_id}'
    const byRepo = await octokit.request(path, { ...repo, task_id: id })
    const mine = await octokit.request('GET /agents/tasks', { per_page: 5 })
    const ofRepo = await octokit.request('GET /agents/repos/{owner}/{repo}/tasks', {
      ...repo,
      state: 'completed,failed',
    })

    expect(created).toMatchObject({ status: 201, data: { state: 'queued', artifacts: [] } })
    expect(byId.data).toMatchObject({ id, state: 'completed', session_count: 1 })
    expect(byRepo.data).toEqual(byId.data)
    expect(byId.data.artifacts?.map(({ type }) => type).toSorted()).toEqual(['branch', 'pull'])
    expect(mine.data.tasks.map((task) => task.id)).toContain(id)
    expect(ofRepo.data.tasks.map((task) => task.id)).toContain(id)
  })

  it('pages through the tasks, an object a page as on GitHub', async () => {
    const octokit = octokitAt(`${errand.url}${prefix}`)
    const prompts = ['one', 'two', 'three'].map((name) => `${name}\n\`\`\`sh\ntrue\n\`\`\``)
    for (const prompt of prompts) {
      await errand.client.call('createTask', { params: repo, body: { prompt, model: 'script' } })
    }

    const pages = await octokit.paginate('GET /agents/repos/{owner}/{repo}/tasks', {
      ...repo,
      per_page: 2,
      // By its last change, the default, a task that runs may move to a page already read.
      sort: 'created_at',
    })

    // Without total_count there is nothing Octokit could unwrap (behaviour.md 1.3).
    const objects = pages as unknown as { tasks: { id: string }[] }[]
    const ids = objects.flatMap(({ tasks }) => tasks.map(({ id }) => id))
    expect(objects.length).toBeGreaterThan(1)
    expect(objects.slice(0, -1).every(({ tasks }) => tasks.length === 2)).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('gets errors it can read', async () => {
    const octokit = octokitAt(`${errand.url}${prefix}`)

    const missing = octokit.request('GET /agents/tasks/{task_id}', {
      task_id: '00000000-0000-4000-8000-000000000000',
    })
    const unknownModel = octokit.request('POST /agents/repos/{owner}/{repo}/tasks', {
      ...repo,
      prompt: 'p',
      model: 'gpt-1',
    })

    await expect(missing).rejects.toMatchObject({ status: 404, name: 'HttpError' })
    await expect(unknownModel).rejects.toThrow(/Validation Failed.*gpt-1.*not supported/s)
  })
})
