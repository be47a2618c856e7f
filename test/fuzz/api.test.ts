import { Agent } from 'node:http'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, type Database, postgresUrl } from '../support/database.ts'
import { errand } from '../support/errand-process.ts'
import { type MeasuredServer, startMeasuredServer } from '../support/fuzz/measured-server.ts'
import {
  githubOperations,
  type Operation,
  ownOperations,
  undescribedOperations,
} from '../support/fuzz/operation.ts'
import { type FuzzedRequest, type Known, requestTo } from '../support/fuzz/request.ts'
import { send } from '../support/fuzz/send.ts'
import { createRepository } from '../support/repository.ts'
import { clientFor } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

/** ERRAND_TEST_REQUESTS=100000 is the whole promise; ERRAND_TEST_SEED repeats a run. */
const requests = Number(process.env.ERRAND_TEST_REQUESTS ?? 3000)
const seed = Number(process.env.ERRAND_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const atOnce = 20

let folder: TempFolder
let database: Database | undefined
let server: MeasuredServer
let operations: Operation[]
let known: Known
const agent = new Agent({ keepAlive: true, maxSockets: atOnce })

beforeAll(async () => {
  folder = await createTempFolder('fuzz')
  database = postgresUrl === undefined ? undefined : await createDatabase()
  const dataDir = join(folder.path, 'data')
  // What is tried is the API: nothing is to run.
  const settings = { runner: { enabled: false } }
  const options = database === undefined ? { settings } : { settings, databaseUrl: database.url }
  server = await startMeasuredServer(dataDir, settingsFor(dataDir, options))
  const own = ownOperations(await (await fetch(`${server.url}/openapi.json`)).json())
  const names = new Set(own.map(({ name }) => plain(name)))
  const others = githubOperations().filter(({ name }) => !names.has(plain(name)))
  operations = [...own, ...others, ...undescribedOperations]
  known = await furnish(folder.path)
}, 120_000)
afterAll(async () => {
  agent.destroy()
  await server?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

const title = `${requests} requests, right and wrong, are answered as described, in time, and leave no memory behind`

it(title, { timeout: 120_000 + requests * 40 }, async () => {
  const tokens = [ownerToken, ownerToken, ownerToken, ...server.tokens]
  const one = fc
    .constantFrom(...operations)
    .chain((chosen) => requestTo(chosen, knownTo(chosen), tokens))
  const seen = new Map<string, number>()
  const problems = new Map<string, string>()
  const run = async (count: number, from: number) => {
    const next = draw(one, Math.round(count), from)
    const sender = async () => {
      for (const request of next) {
        const { status, problem } = await answerTo(request)
        seen.set(status, (seen.get(status) ?? 0) + 1)
        if (problem !== undefined) problems.set(problem, describe(request))
      }
    }
    await Promise.all(Array.from({ length: atOnce }, sender))
  }

  // What is loaded and cached once is there after the first third.
  await run(requests / 3, seed)
  const before = await server.heap()
  await run((requests / 3) * 2, seed + requests)
  const after = await server.heap()

  const statuses = [...seen].toSorted(([a], [b]) => Number(a) - Number(b))
  // Not for the test: for whoever runs it, to say what was tried.
  process.stdout.write(
    `seed ${seed}: ${operations.length} operations; heap ${mib(before)} MiB after a third, ${mib(after)} MiB in the end; answers ${JSON.stringify(Object.fromEntries(statuses))}\n`,
  )
  expect([...problems].slice(0, 20)).toEqual([])
  expect(server.errors()).toBe('')
  // Many must get past the door.
  expect(seen.get('200')).toBeGreaterThan(requests / 20)
  expect(after).toBeLessThan(before * 1.25 + 8 * 2 ** 20)
})

/** Some at a time: a hundred thousand of them are too many to hold. */
function* draw<T>(arbitrary: fc.Arbitrary<T>, count: number, from: number): Generator<T> {
  for (let drawn = 0; drawn < count; drawn += 500) {
    yield* fc.sample(arbitrary, { numRuns: Math.min(500, count - drawn), seed: from + drawn })
  }
}

/** The status of an answer, and what in it is not as its operation is described. */
async function answerTo(request: FuzzedRequest): Promise<{ status: string; problem?: string }> {
  const { operation } = request
  try {
    const { status, contentType, text } = await send(server.url, agent, request)
    const problem = status >= 500 ? text : operation.problemOf(status, contentType, text)
    if (problem === undefined) return { status: String(status) }
    return { status: String(status), problem: `${operation.name}: ${status}: ${problem}` }
  } catch (error) {
    return { status: 'none', problem: `${operation.name}: ${String(error)}` }
  }
}

function describe({ method, path, headers, body }: FuzzedRequest): string {
  return `${method} ${path} ${JSON.stringify(headers)} ${body?.toString().slice(0, 1000) ?? ''}`
}

/**
 * What changes a repository or an organization as a whole has one for itself: the others would end at a
 * former name, or at a door that was shut.
 */
function knownTo({ name, method }: Operation): Known {
  if (/ \/orgs\/\{org\}\/copilot/.test(name)) return { ...known, org: ['spare'] }
  const isWhole = name === 'PATCH /repos/{owner}/{repo}' || name.includes('/cloud-agent/')
  return isWhole && method !== 'GET' ? { ...known, repo: ['spare'] } : known
}

/** Something of each kind, for requests to name. */
async function furnish(path: string): Promise<Known> {
  const source = join(path, 'source')
  await createRepository(source)
  for (const name of ['acme/sums', 'acme/other', 'acme/spare']) {
    await errand(server.url, ['repo', 'import', source, name])
  }
  await errand(server.url, ['org', 'create', 'spare'])
  const client = clientFor(server.url, ownerToken)
  const params = { owner: 'acme', repo: 'sums' }
  const body = { prompt: scriptPrompt('true'), model: 'script' }
  const many = Array.from({ length: 12 }, (_, at) => at)
  const tasks = many.map(() => client.call('createTask', { params, body }))
  const triggers = { cron: { expression: '0 9 * * 1' } }
  const automations = many.map((at) =>
    client.call('createAutomation', { params, body: { ...body, name: `weekly ${at}`, triggers } }),
  )
  for (const name of ['sums', 'other']) await openPull(name)
  await callForge('PATCH', '/repos/acme/sums', { private: false })
  const targets = [{ repository: 'acme/sums' }]
  const campaigns = many.map(() =>
    client.call('createCampaign', { params: {}, body: { ...body, targets } }),
  )
  return {
    owner: ['acme', 'acme', 'acme', 'acme', 'acme', 'acme', 'ACME', 'owner'],
    org: ['acme'],
    repo: ['sums', 'sums', 'sums', 'other', 'SPARE'],
    username: ['acme', 'owner', 'reader'],
    task_id: (await Promise.all(tasks)).map(({ id }) => id),
    automation_id: (await Promise.all(automations)).map(({ id }) => id),
    campaign_id: (await Promise.all(campaigns)).map(({ id }) => id),
    model: ['script', 'auto'],
    base_ref: ['main'],
    head_ref: ['topic'],
    head: ['topic'],
    base: ['main'],
    repository: ['acme/sums', 'acme/other'],
    branch: ['main', 'topic'],
    ref: ['heads/main', 'heads/topic', 'main'],
    sha: ['main'],
    basehead: ['main...main', 'main...topic'],
    path: ['README.md', 'src', 'src/sum.js'],
    pull_number: ['1'],
    issue_number: ['1'],
    repository_id: ['2', '3', '4', '5'],
  }
}

/** Pull request 1 of a repository, from `topic`. */
async function openPull(repo: string): Promise<void> {
  const path = `/repos/acme/${repo}`
  const change = { message: 'docs: topic', content: Buffer.from('t').toString('base64') }
  const main = await callForge('GET', `${path}/git/ref/heads/main`)
  const { sha } = (main as { object: { sha: string } }).object
  await callForge('POST', `${path}/git/refs`, { ref: 'refs/heads/topic', sha })
  await callForge('PUT', `${path}/contents/TOPIC.md`, { ...change, branch: 'topic' })
  await callForge('POST', `${path}/pulls`, { title: 'Topic', head: 'topic', base: 'main' })
}

async function callForge(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ownerToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
  return await response.json()
}

function plain(name: string): string {
  return name.replaceAll(/\{\w+\}/g, '{}')
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
