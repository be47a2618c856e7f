import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, type Database, postgresUrl } from '../support/database.ts'
import { furnish, type World } from '../support/fuzz/furnish.ts'
import {
  type MeasuredServer,
  type Memory,
  startMeasuredServer,
} from '../support/fuzz/measured-server.ts'
import { shapeOf, undescribedOperations } from '../support/fuzz/mounted-routes.ts'
import { githubOperations, type Operation, ownOperations } from '../support/fuzz/operation.ts'
import { type FuzzedRequest, requestTo } from '../support/fuzz/request.ts'
import { send } from '../support/fuzz/send.ts'
import { integrationSecrets, integrationSettings } from '../support/fuzz/signed.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

/** ERRAND_TEST_REQUESTS=100000 is the whole promise; ERRAND_TEST_SEED repeats a run. */
const requests = Number(process.env.ERRAND_TEST_REQUESTS ?? 3000)
const seed = Number(process.env.ERRAND_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const atOnce = 20
/** Requests until what they took away is made anew. */
const refreshAfter = 4000

let folder: TempFolder
let database: Database | undefined
let server: MeasuredServer
let operations: Operation[]
/** Those of the server's own description. */
let own: Operation[]
let world: World
const agent = new Agent({ keepAlive: true, maxSockets: atOnce })

beforeAll(async () => {
  folder = await createTempFolder('fuzz')
  database = postgresUrl === undefined ? undefined : await createDatabase()
  const dataDir = join(folder.path, 'data')
  const file = join(folder.path, 'policy.yml')
  writeFileSync(file, 'version: 1\nrules:\n  firewall-enabled: {}\n')
  // What is tried is the API: nothing is to run.
  const settings = {
    runner: { enabled: false },
    // Without a model there is no `auto`, and so no task that names none.
    upstreams: {
      nobody: { wire: 'anthropic', base_url: 'http://127.0.0.1:9/v1', api_key_env: 'FUZZ_SECRET' },
    },
    models: [{ id: 'scripted', upstream: 'nobody', api: 'messages' }],
    integrations: integrationSettings(),
    policy: { file },
  }
  const options = database === undefined ? { settings } : { settings, databaseUrl: database.url }
  server = await startMeasuredServer(dataDir, settingsFor(dataDir, options), {
    ...integrationSecrets,
    FUZZ_TOKEN: ownerToken,
  })
  own = ownOperations(await (await fetch(`${server.url}/openapi.json`)).json())
  const names = new Set(own.map(({ name }) => shapeOf(name)))
  const github = githubOperations().filter(({ name }) => !names.has(shapeOf(name)))
  const described = [...own, ...github]
  operations = [...described, ...undescribedOperations(server.routes, described)]
  world = await furnish(server.url, folder.path)
})
afterAll(async () => {
  agent.destroy()
  await server?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

const title = `${requests} requests to every route, right and wrong, are answered as described, in time, and leave no memory behind`

it(title, { timeout: 180_000 + requests * 40 }, async () => {
  const tokens = [...Array.from({ length: 6 }, () => ownerToken), ...server.tokens]
  const seen = new Map<string, number>()
  const problems = new Map<string, string>()
  /** Operations that did what they are for at least once; a former name's redirect is not that. */
  const done = new Set<Operation>()
  const run = async (count: number, from: number) => {
    for (let drawn = 0; drawn < count; drawn += refreshAfter) {
      await world.refresh()
      const next = draw(Math.min(refreshAfter, count - drawn), from + drawn, tokens)
      const sender = async () => {
        for (const request of next) {
          const { status, problem } = await answerTo(request)
          seen.set(status, (seen.get(status) ?? 0) + 1)
          if (Number(status) < 400 && !['301', '307'].includes(status)) done.add(request.operation)
          if (problem !== undefined) problems.set(problem, describe(request))
        }
      }
      await Promise.all(Array.from({ length: atOnce }, sender))
      tellProgress(seen, problems)
    }
  }

  const begun = performance.now()
  // What is loaded and cached once is there after the first third.
  await run(Math.round(requests / 3), seed)
  const before = await server.memory()
  await run(Math.round((requests / 3) * 2), seed + requests)
  const after = await server.memory()
  const seconds = Math.round((performance.now() - begun) / 1000)

  const asked = new Set(operations.map(({ name }) => shapeOf(name)))
  const idle = operations.filter((operation) => !done.has(operation)).map(({ name }) => name)
  const ownDone = own.filter((operation) => done.has(operation)).length
  const statuses = [...seen].toSorted(([a], [b]) => Number(a) - Number(b))
  // Not for the test: for whoever runs it, to say what was tried.
  process.stdout.write(
    `seed ${seed}: ${requests} requests to ${operations.length} operations in ${seconds} s; ${memoryText(before)} after a third, ${memoryText(after)} in the end; answers ${JSON.stringify(Object.fromEntries(statuses))}; ${ownDone} of ${own.length} of its own did what they are for; never below 400: ${idle.join(', ')}\n`,
  )
  // Together: what the server logged says why it answered so.
  expect({ problems: [...problems].slice(0, 20), logged: server.errors() }).toEqual({
    problems: [],
    logged: '',
  })
  // Every route that is mounted was asked for. A HEAD is with its GET, what lies at /api/v3 with what lies at /.
  const routes = server.routes.filter((route) => !route.startsWith('HEAD '))
  expect(routes.length).toBeGreaterThan(150)
  expect(routes.filter((route) => !asked.has(shapeOf(route.replace(' /api/v3/', ' /'))))).toEqual(
    [],
  )
  // Many must get past the door.
  expect(seen.get('200')).toBeGreaterThan(requests / 20)
  // Behind it nearly every operation does what it is for: a body that is never right tries its validation alone.
  expect(ownDone / own.length).toBeGreaterThanOrEqual(leastShareDone())
  expect(after.heap).toBeLessThan(before.heap * 1.25 + 8 * mebibyte)
  // V8 and malloc keep what they once had: it may still rise, but not with the number of requests.
  expect(after.rss).toBeLessThan(before.rss * 1.5 + 64 * mebibyte)
})

/** A long run is watched, and ended by hand when it has found enough. */
function tellProgress(seen: Map<string, number>, problems: Map<string, string>): void {
  if (requests < 10_000) return
  const sent = [...seen.values()].reduce((sum, count) => sum + count, 0)
  const lines = [...problems].map(
    ([problem, request]) => `  ${problem}\n    ${request.slice(0, 1000)}\n`,
  )
  process.stdout.write(`${sent} of ${requests} sent, ${problems.size} problems\n${lines.join('')}`)
}

/**
 * Each operation as often as the others, in an order that the seed gives. Some at a time: a hundred thousand of them are
 * too many to hold.
 */
function* draw(count: number, from: number, tokens: readonly string[]): Generator<FuzzedRequest> {
  const each = operations.map((one) => requestTo(one, world.knownTo(one), tokens))
  const order = fc.shuffledSubarray(each, { minLength: each.length })
  for (let drawn = 0; drawn < count; drawn += each.length) {
    const [round = []] = fc.sample(order, { numRuns: 1, seed: from + drawn })
    for (const [at, one] of round.slice(0, count - drawn).entries()) {
      yield* fc.sample(one, { numRuns: 1, seed: from + drawn + at })
    }
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

/** Of the described operations, by how often each is asked: a few requests may all be wrong. */
function leastShareDone(): number {
  if (requests >= 20_000) return 0.9
  return requests >= 3000 ? 0.7 : 0
}

const mebibyte = 2 ** 20

function memoryText({ heap, rss }: Memory): string {
  const text = (bytes: number) => (bytes / mebibyte).toFixed(1)
  return `heap ${text(heap)} MiB, process ${text(rss)} MiB`
}
