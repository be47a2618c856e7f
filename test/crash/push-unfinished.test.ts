import { join } from 'node:path'
import type { Client } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSharedClock, serveByClock } from '../support/clocked-server.ts'
import { createDatabase, postgresUrl } from '../support/database.ts'
import { type GitHubDouble, startGitHub } from '../support/github-forge.ts'
import { startPausingProxy } from '../support/pausing-proxy.ts'
import { listBranches, listPulls } from '../support/pulls.ts'
import {
  finish,
  type Script,
  type ScriptedModel,
  scriptedModelKey,
  scriptedModelKeyVariable,
  startScriptedModel,
} from '../support/scripted-model.ts'
import { eventsOf, untilPutAway, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

// The forge is another Errand, so that a proxy before it can hold the push at which the runner dies.

const oneFile: Script = ({ result }) => {
  if (result.includes('one.md')) return finish('Write a file')
  return { call: [['write_file', { path: 'one.md', content: 'one\n' }]] }
}

const stores = [
  ['PGlite', async () => undefined],
  ...(postgresUrl === undefined ? [] : [['PostgreSQL', createDatabase] as const]),
] as const

let github: GitHubDouble
let model: ScriptedModel

beforeAll(async () => {
  github = await startGitHub()
  model = await startScriptedModel(oneFile, { tokens: { input: 50, output: 10 } })
})
afterAll(async () => {
  await model?.[Symbol.asyncDispose]()
  await github?.[Symbol.asyncDispose]()
})

describe.each(stores)('unfinished work, with %s', (store, openDatabase) => {
  it.each([
    ['having pushed', 'after'],
    ['about to push', 'before'],
  ] as const)(
    'of a task whose budget is not raised is one branch and one end, though its runner is killed %s',
    { timeout: 180_000 },
    async (_, point) => {
      const repository = `acme/unfinished-${store.toLowerCase()}-${point}`
      await github.errand.addRepository(repository)
      await using proxy = await startPausingProxy(() => github.url)
      await using folder = await createTempFolder('unfinished')
      await using database = await openDatabase()
      const clock = createSharedClock(join(folder.path, 'clock'), new Date().toISOString())
      const dataDir = join(folder.path, 'data')
      const settings = settingsFor(dataDir, {
        settings: {
          ...dearSettings(),
          forge: `${proxy.url}/api/v3`,
          forge_token: github.errand.token,
          sessions: { live_wait_seconds: 0.2, waiting_timeout_minutes: 60 },
        },
        ...(database !== undefined && { databaseUrl: database.url }),
      })
      delete settings.admin_token
      const environment = { [scriptedModelKeyVariable]: scriptedModelKey }
      const first = await serveByClock(dataDir, settings, clock, environment)
      const id = await createUnfinished(first.client, repository)
      await untilState(first.client, id, 'waiting_for_user')
      await untilPutAway(first.client, id)

      const reached = proxy.hold(point, 'POST', /git-receive-pack$/)
      clock.set(new Date(Date.now() + 61 * 60_000).toISOString())
      await reached
      await first.kill()
      await using second = await serveByClock(dataDir, settings, clock, environment)
      const task = await untilState(second.client, id, 'failed', { timeoutMs: 90_000 })

      const branches = await listBranches(github.url, github.errand.token, repository)
      const [branch = '', ...others] = Object.keys(branches).filter((name) => name !== 'main')
      expect(others).toEqual([])
      expect(task.sessions).toHaveLength(1)
      const message = task.sessions[0]?.error?.message ?? ''
      expect(message).toMatch(/^The budget of this task is used up: .* within 60 minutes\. /)
      expect(message.endsWith(` Its unfinished work is on the branch ${branch}.`)).toBe(true)
      expect(await listPulls(github.errand.client, repository)).toEqual([])
      await expectOneEnd(second.client, id, branches[branch] ?? '')
      expect(await fileOn(repository, branch)).toBe('one\n')
    },
  )
})

it.skipIf(postgresUrl === undefined)(
  'unfinished work is left to the machine that has it, also while that one is away',
  { timeout: 180_000 },
  async () => {
    const repository = 'acme/unfinished-elsewhere'
    await github.errand.addRepository(repository)
    await using folder = await createTempFolder('unfinished')
    await using database = await createDatabase()
    const clock = createSharedClock(join(folder.path, 'clock'), new Date().toISOString())
    const settingsOf = (name: string, runner: object) => {
      const settings = settingsFor(join(folder.path, name), {
        settings: {
          ...dearSettings(),
          forge: `${github.url}/api/v3`,
          forge_token: github.errand.token,
          sessions: { live_wait_seconds: 0.2, waiting_timeout_minutes: 60 },
          runner,
        },
        databaseUrl: database.url,
      })
      delete settings.admin_token
      return settings
    }
    const environment = { [scriptedModelKeyVariable]: scriptedModelKey }
    const dataDir = join(folder.path, 'has-it')
    const settings = settingsOf('has-it', {})
    const first = await serveByClock(dataDir, settings, clock, environment)
    const id = await createUnfinished(first.client, repository)
    await untilState(first.client, id, 'waiting_for_user')
    await untilPutAway(first.client, id)
    await first.stop()
    clock.set(new Date(Date.now() + 61 * 60_000).toISOString())
    // By the clock its sweep queues the session; its own runner has no such workspace.
    const other = settingsOf('has-it-not', {})
    const second = await serveByClock(join(folder.path, 'has-it-not'), other, clock, environment)
    await untilState(second.client, id, 'queued')
    const script = '```sh\necho hello\n```'
    const [owner, repo] = repository.split('/') as [string, string]
    const { id: another } = await second.client.call('createTask', {
      params: { owner, repo },
      body: { prompt: script, model: 'script' },
    })
    await untilState(second.client, another, 'completed')
    expect((await untilState(second.client, id, 'queued')).state).toBe('queued')

    await using _back = await serveByClock(dataDir, settings, clock, environment)
    const task = await untilState(second.client, id, 'failed', { timeoutMs: 60_000 })

    expect(task.sessions[0]?.error?.message).toMatch(/ Its unfinished work is on the branch \S+\.$/)
    await second.stop()
  },
)

async function createUnfinished(client: Client, fullName: string): Promise<string> {
  const [owner, repo] = fullName.split('/') as [string, string]
  const { id } = await client.call('createTask', {
    params: { owner, repo },
    body: {
      prompt: 'Write a file',
      model: 'scripted',
      max_ai_credits: 5,
      create_pull_request: true,
      push_unfinished: true,
    },
  })
  return id
}

async function expectOneEnd(client: Client, id: string, commit: string): Promise<void> {
  const events = await eventsOf(client, id)
  const ends = events.filter(
    ({ type, data }) => type === 'session.state_changed' && data['to'] === 'failed',
  )
  expect(ends).toHaveLength(1)
  const told = events.filter(({ type }) => type === 'artifact.branch')
  expect(told.map(({ data }) => data)).toMatchObject([{ commit, unfinished: true }])
  const steps = events.filter(({ type }) => type === 'tool.execution_start')
  expect(steps, 'no agent is started to push').toHaveLength(1)
}

async function fileOn(fullName: string, ref: string): Promise<string> {
  const path = `/repos/${fullName}/contents/one.md`
  const response = await github.errand.client.request('GET', path, { query: { ref } })
  const { content } = (await response.json()) as { content: string }
  return Buffer.from(content, 'base64').toString()
}

/** A request of 60 tokens costs 6 credits. */
function dearSettings(): { models: object[] } {
  const { models, ...settings } = model.settings() as { models: object[] }
  const price = { input: 1000, output: 1000 }
  return { ...settings, models: models.map((one) => ({ ...one, price })) }
}
