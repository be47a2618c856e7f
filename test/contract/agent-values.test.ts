import { sealBox } from '@errand/core'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'

// Each of GitHub's operations for secrets and variables of agents, by an unmodified Octokit; every answer is held
// against GitHub's description on its way.

let errand: Errand
let octokit: Octokit
let repository_id: number
const repo = { owner: 'acme', repo: 'sums' }
const org = { org: 'acme' }
const secret = { secret_name: 'TOKEN' }
const variable = { name: 'MODE' }
const selected = { visibility: 'selected' } as const

beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  await errand.addRepository('acme/sums')
  const { url: baseUrl, token: auth } = errand
  octokit = new Octokit({
    baseUrl,
    auth,
    request: { fetch: checkedFetch },
    retry: { enabled: false },
  })
  repository_id = (await octokit.rest.repos.get(repo)).data.id
})
afterAll(() => errand?.[Symbol.asyncDispose]())

const seal = async ({ key, key_id }: { key: string; key_id: string }) => ({
  key_id,
  encrypted_value: await sealBox('a value', key),
})

it('a repository’s secrets', async () => {
  const ask = octokit.request
  const { data: key } = await ask('GET /repos/{owner}/{repo}/agents/secrets/public-key', repo)
  const one = { ...repo, ...secret }
  const sealed = { ...one, ...(await seal(key)) }

  const made = await ask('PUT /repos/{owner}/{repo}/agents/secrets/{secret_name}', sealed)
  const again = await ask('PUT /repos/{owner}/{repo}/agents/secrets/{secret_name}', sealed)
  const found = await ask('GET /repos/{owner}/{repo}/agents/secrets/{secret_name}', one)
  const all = await ask('GET /repos/{owner}/{repo}/agents/secrets', repo)
  const gone = await ask('DELETE /repos/{owner}/{repo}/agents/secrets/{secret_name}', one)

  expect([made, again, gone].map(({ status }) => status)).toEqual([201, 204, 204])
  expect(all.data).toEqual({ total_count: 1, secrets: [found.data] })
})

it('a repository’s variables', async () => {
  const ask = octokit.request
  const one = { ...repo, ...variable }
  const path = '/repos/{owner}/{repo}/agents/variables'

  const made = await ask('POST /repos/{owner}/{repo}/agents/variables', { ...one, value: 'fast' })
  const body = { ...one, value: 'slow' }
  const changed = await ask('PATCH /repos/{owner}/{repo}/agents/variables/{name}', body)
  const found = await ask('GET /repos/{owner}/{repo}/agents/variables/{name}', one)
  const all = await ask('GET /repos/{owner}/{repo}/agents/variables', repo)
  const gone = await ask('DELETE /repos/{owner}/{repo}/agents/variables/{name}', one)

  expect([made, changed, gone].map(({ status }) => status)).toEqual([201, 204, 204])
  expect(found.data).toMatchObject({ name: 'MODE', value: 'slow' })
  expect(all.data).toEqual({ total_count: 1, variables: [found.data] })
  await expect(octokit.request(`GET ${path}/{name}`, one)).rejects.toMatchObject({ status: 404 })
})

it('an organization’s secrets, and the repositories that have them', async () => {
  const ask = octokit.request
  const { data: key } = await ask('GET /orgs/{org}/agents/secrets/public-key', org)
  const one = { ...org, ...secret }
  const sealed = { ...one, ...selected, ...(await seal(key)) }
  const ids = { ...one, selected_repository_ids: [repository_id] }
  const single = { ...one, repository_id }

  const answers = [
    await ask('PUT /orgs/{org}/agents/secrets/{secret_name}', sealed),
    await ask('PUT /orgs/{org}/agents/secrets/{secret_name}/repositories', ids),
    await ask(
      'DELETE /orgs/{org}/agents/secrets/{secret_name}/repositories/{repository_id}',
      single,
    ),
    await ask('PUT /orgs/{org}/agents/secrets/{secret_name}/repositories/{repository_id}', single),
  ]
  const found = await ask('GET /orgs/{org}/agents/secrets/{secret_name}', one)
  const all = await ask('GET /orgs/{org}/agents/secrets', org)
  const having = await ask('GET /orgs/{org}/agents/secrets/{secret_name}/repositories', one)
  const ofRepo = await ask('GET /repos/{owner}/{repo}/agents/organization-secrets', repo)
  const gone = await ask('DELETE /orgs/{org}/agents/secrets/{secret_name}', one)

  expect([...answers, gone].map(({ status }) => status)).toEqual([201, 204, 204, 204, 204])
  expect(all.data).toEqual({ total_count: 1, secrets: [found.data] })
  expect(having.data).toMatchObject({ total_count: 1, repositories: [{ id: repository_id }] })
  expect(ofRepo.data).toMatchObject({ total_count: 1, secrets: [{ name: 'TOKEN' }] })
})

it('an organization’s variables, and the repositories that have them', async () => {
  const ask = octokit.request
  const one = { ...org, ...variable }
  const ids = { ...one, selected_repository_ids: [repository_id] }
  const single = { ...one, repository_id }
  const body = { ...one, ...selected, value: 'fast' }

  const answers = [
    await ask('POST /orgs/{org}/agents/variables', body),
    await ask('PATCH /orgs/{org}/agents/variables/{name}', { ...one, value: 'slow' }),
    await ask('PUT /orgs/{org}/agents/variables/{name}/repositories', ids),
    await ask('DELETE /orgs/{org}/agents/variables/{name}/repositories/{repository_id}', single),
    await ask('PUT /orgs/{org}/agents/variables/{name}/repositories/{repository_id}', single),
  ]
  const found = await ask('GET /orgs/{org}/agents/variables/{name}', one)
  const all = await ask('GET /orgs/{org}/agents/variables', org)
  const having = await ask('GET /orgs/{org}/agents/variables/{name}/repositories', one)
  const ofRepo = await ask('GET /repos/{owner}/{repo}/agents/organization-variables', repo)
  const gone = await ask('DELETE /orgs/{org}/agents/variables/{name}', one)

  expect([...answers, gone].map(({ status }) => status)).toEqual([201, 204, 204, 204, 204, 204])
  expect(all.data).toEqual({ total_count: 1, variables: [found.data] })
  expect(having.data).toMatchObject({ total_count: 1, repositories: [{ id: repository_id }] })
  expect(ofRepo.data).toMatchObject({ variables: [{ name: 'MODE', value: 'slow' }] })
})
