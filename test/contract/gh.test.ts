import { afterAll, beforeAll, expect, it } from 'vitest'
import { requireContract } from '../support/contract.ts'
import { gh, ghPath } from '../support/gh.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'

const why = ghPath === undefined ? ' (gh is not installed)' : ''
const isSkipped = ghPath === undefined && process.env.CI !== 'true'

let errand: Errand

beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

/** Calls `gh api` for a path and holds what it printed against the contract. */
async function ghApi(path: string, status: number, ...args: string[]): Promise<unknown> {
  const method = args.some((arg) => /^-[fF]$/.test(arg)) ? 'POST' : 'GET'
  const result = await gh(['api', `${errand.url}${path}`, ...args], errand.token)
  expect(result).toMatchObject({ code: 0 })
  const body: unknown = JSON.parse(result.stdout)
  requireContract(method, path, status, body)
  return body
}

it.skipIf(isSkipped).for(['', '/api/v3'])(
  `does all five operations at %s/${why}`,
  async (prefix) => {
    const tasks = `${prefix}/agents/repos/acme/sums/tasks`

    const created = (await ghApi(
      tasks,
      201,
      '-f',
      'prompt=Say hello',
      '-f',
      'model=script',
      '-F',
      'create_pull_request=true',
    )) as { id: string }
    const ofRepo = await ghApi(`${tasks}?state=queued`, 200)
    const byRepo = await ghApi(`${tasks}/${created.id}`, 200)
    const mine = await ghApi(`${prefix}/agents/tasks?per_page=1`, 200)
    const byId = await ghApi(`${prefix}/agents/tasks/${created.id}`, 200)

    const summary = { id: created.id, state: 'queued', session_count: 1 }
    expect(ofRepo).toMatchObject({
      tasks: expect.arrayContaining([expect.objectContaining(summary)]),
    })
    expect(mine).toMatchObject({ tasks: [summary] })
    expect(byRepo).toMatchObject({ ...summary, sessions: [{ prompt: 'Say hello' }] })
    expect(byId).toEqual(byRepo)
  },
)

it.skipIf(isSkipped)(`pages with --paginate and picks with --jq${why}`, async () => {
  for (const name of ['one', 'two', 'three']) {
    await errand.client.call('createTask', {
      params: { owner: 'acme', repo: 'sums' },
      body: { prompt: name, model: 'script' },
    })
  }

  const url = `${errand.url}/agents/repos/acme/sums/tasks?per_page=2&sort=created_at`
  const result = await gh(['api', '--paginate', '--jq', '.tasks[].name', url], errand.token)

  expect(result.stdout.split('\n').slice(0, 3)).toEqual(['three', 'two', 'one'])
})

it.skipIf(isSkipped)(`tells what was wrong with exit code 1${why}`, async () => {
  const url = `${errand.url}/agents/repos/acme/sums/tasks`

  const result = await gh(['api', url, '-f', 'prompt=p', '-f', 'model=gpt-1'], errand.token)

  expect(result.code).toBe(1)
  expect(result.stderr).toMatch(/Validation Failed.*422/s)
  requireContract('POST', '/agents/repos/acme/sums/tasks', 422, JSON.parse(result.stdout))
})
