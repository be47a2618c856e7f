import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ErrandError, Settings } from '@errand/contract'
import {
  type AutomationRow,
  claimAutomationRuns,
  createAutomation,
  getAutomation,
  getTask,
  type HeldAutomationRun,
  listAutomationRuns,
  listTasks,
  type NewAutomation,
  noteRequest,
  openStore,
  requestRun,
  setAgentPermissions,
  silentLog,
  type Store,
  updateAutomation,
  createEncryption,
  keyBytes,
} from '@errand/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCampaignSending } from '../campaigns/send-campaign.ts'
import type { ServerContext } from '../context.ts'
import { startTask } from '../start-task.ts'
import { createTestForge } from '../testing/test-forge.ts'
import { beginAutomationRun } from './begin-run.ts'
import { composeTask } from './compose-task.ts'

let dataDir: string
let store: Store
let clockMs = Date.parse('2027-01-01T00:00:00Z')
let context: ServerContext
let forge: ReturnType<typeof createTestForge>
let repository: ReturnType<typeof forge.addRepository>
const creator = { id: 1, login: 'alice' }
const mark = '<!-- the mark -->'
const models = {
  upstreams: { first: { wire: 'openai', base_url: 'http://127.0.0.1:1/v1' } },
  models: [{ id: 'usual', upstream: 'first', price: { input: 3, output: 15 } }],
}
const nothingLeft = { scope: 'user', name: '*', ai_credits: 0 }
const off = { is_automations_enabled: false }

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'errand-begin-'))
  store = await openStore({ dataDir, clock: { now: () => new Date(clockMs) } })
})
afterAll(async () => {
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

beforeEach(() => {
  forge = createTestForge()
  forge.addToken('alice')
  repository = forge.addRepository(`acme/r${crypto.randomUUID()}`, {
    id: Math.floor(Math.random() * 2 ** 40),
    members: { alice: 'write' },
    branches: { main: {}, 'errand/release': {}, other: { '.github/agents/tidy.md': 'Tidy.' } },
  })
  context = {
    store,
    forge,
    settings: Settings.parse({}),
    encryption: createEncryption([randomBytes(keyBytes)]),
    campaigns: createCampaignSending(),
    log: silentLog,
    publicUrl: () => 'http://errand',
    secrets: () => undefined,
    configurationFiles: new Map(),
    readRecipe: async (prompt, { base, web_url }) =>
      prompt.startsWith('#!recipe')
        ? {
            prompt: `${prompt} ${base} ${web_url}`,
            mark,
            isSame: (other) => other.startsWith('#!recipe'),
          }
        : undefined,
  }
})

/** An automation of alice's with a run that is due, and held. */
async function heldRun(overrides: Partial<NewAutomation> = {}): Promise<HeldAutomationRun> {
  const automation = await createAutomation(store, {
    name: 'Tidy',
    agent: '',
    description: '',
    prompt: 'Tidy up',
    enabled: true,
    owner_type: 'user',
    write_scope: 'trigger',
    require_actor_write_permission: true,
    allow_concurrent_runs: false,
    triggers: {},
    model: 'script',
    tools: [],
    allowed_custom_agents: [],
    usage_limits: [],
    base_ref: '',
    creator,
    repository: { id: repository.id, full_name: repository.full_name },
    ...overrides,
  })
  await requestRun(store, automation.id, { event: 'manual', actor: creator })
  return await claim()
}

async function claim(): Promise<HeldAutomationRun> {
  const [held] = await claimAutomationRuns(store, 1)
  if (held === undefined) throw new Error('no run is due')
  return held
}

async function anotherRun(run: HeldAutomationRun): Promise<HeldAutomationRun> {
  await requestRun(store, run.automation_id, { event: 'manual', actor: creator })
  return await claim()
}

async function allowAgents(enabled: 'all' | 'none'): Promise<void> {
  const caller = await forge.actFor({ id: 1 })
  const access = caller && (await forge.repositoryById(caller, repository.id))
  if (access === undefined) throw new Error('alice is gone')
  await setAgentPermissions(store, access.owner, creator, enabled)
}

async function outcome({ automation_id }: HeldAutomationRun) {
  const { runs } = await listAutomationRuns(store, automation_id, { page: 1, per_page: 10 })
  const automation = (await getAutomation(store, automation_id)) as AutomationRow
  return {
    ...runs[0],
    enabled: automation.enabled,
    failures: automation.failures,
    why: automation.disabled_reason,
  }
}

async function tasks() {
  const { tasks } = await listTasks(store, {
    repository_id: repository.id,
    is_archived: false,
    sort: 'created_at',
    direction: 'asc',
    page: 1,
    per_page: 10,
  })
  return await Promise.all(tasks.map(({ id }) => getTask(store, id)))
}

describe('a run', () => {
  it("starts a task in its creator's name, as the automation says", async () => {
    const run = await heldRun({
      tools: ['create_pull_request'],
      allowed_custom_agents: ['tidy'],
      base_ref: 'other',
    })

    await beginAutomationRun(context, run)

    const [task] = await tasks()
    expect(await outcome(run)).toMatchObject({ status: 'started', task_id: task?.id })
    expect(task).toMatchObject({
      creator_login: 'alice',
      base_ref: 'other',
      custom_agent: 'tidy',
      create_pull_request: true,
      sessions: [{ prompt: 'Tidy up', model: 'script' }],
    })
  })

  it('whose server died after it created the task finds that task, though the automation was changed', async () => {
    const dead = await heldRun()
    const caller = await forge.actFor({ id: 1 })
    const access = caller && (await forge.repositoryById(caller, repository.id))
    if (caller === undefined || access === undefined) throw new Error('alice is gone')
    const request = await composeTask(context, caller, access, dead.automation)
    await noteRequest(store, dead, request)
    const name = { owner: access.owner.login, repo: access.name }
    const asked = { ...request, idempotency_key: `automation:${dead.id}` }
    const { task } = await startTask(context, caller, name, asked)
    await updateAutomation(store, dead.automation_id, { prompt: 'Tidy up more' })

    clockMs += 61_000
    await beginAutomationRun(context, await claim())

    expect(await tasks()).toMatchObject([{ id: task.id, sessions: [{ prompt: 'Tidy up' }] }])
    expect(await outcome(dead)).toMatchObject({ status: 'started', task_id: task.id, attempt: 2 })
  })

  it('follows a repository to its new name', async () => {
    const run = await heldRun()
    repository.full_name = `acme/n${crypto.randomUUID()}`

    await beginAutomationRun(context, run)

    expect(await tasks()).toMatchObject([{ repository_full_name: repository.full_name }])
  })

  it.each([
    ['may only read', () => (repository.members = { alice: 'read' }), /no write access/],
    [
      'may see nothing',
      () => Object.assign(repository, { private: true, members: {} }),
      /no write access/,
    ],
    [
      'is gone',
      () => (forge.actFor = async () => undefined),
      /account of its creator, alice, is gone/,
    ],
  ])('is refused, and the automation paused, when its creator %s', async (_, lose, reason) => {
    const run = await heldRun()
    lose()

    await beginAutomationRun(context, run)

    expect(await outcome(run)).toMatchObject({
      status: 'refused',
      reason: expect.stringMatching(reason),
      enabled: false,
      why: 'creator_lost_access',
    })
    expect(await tasks()).toEqual([])
  })

  it.each<[string, string, RegExp, () => Promise<unknown> | undefined]>([
    [
      'automations are switched off',
      'not_enabled',
      /is_automations_enabled/,
      () => void (context.settings = Settings.parse({ automations: off })),
    ],
    [
      'an enforced policy keeps agents out',
      'not_enabled',
      /The firewall is off/,
      () => void (context.refusalOf = () => 'The firewall is off.'),
    ],
    [
      'agents are not enabled in its organization',
      'not_enabled',
      /Agents are not enabled/,
      async () => await allowAgents('none'),
    ],
    [
      'a budget is used up',
      'budget_used_up',
      /No task can begin/,
      () => void (context.settings = Settings.parse({ ...models, budgets: [nothingLeft] })),
    ],
  ])('is skipped while %s, and made when that is over', async (_, name, reason, hold) => {
    context.settings = Settings.parse(models)
    let run = await heldRun({ model: 'usual' })
    await hold()
    for (let time = 1; time <= 4; time += 1) {
      await beginAutomationRun(context, run)
      expect(await outcome(run)).toMatchObject({
        status: 'skipped',
        skip_reason: name,
        reason: expect.stringMatching(reason),
        enabled: true,
        failures: 0,
      })
      run = await anotherRun(run)
    }
    context.settings = Settings.parse(models)
    delete context.refusalOf
    await allowAgents('all')

    await beginAutomationRun(context, run)

    expect(await outcome(run)).toMatchObject({ status: 'started' })
  })

  it('that asks for what is not there any more is refused with the reason', async () => {
    const run = await heldRun({ base_ref: 'gone' })

    await beginAutomationRun(context, run)

    expect(await outcome(run)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining("there is no branch 'gone'"),
      enabled: true,
    })
  })

  it('is tried again while the forge is away, and refused in the end', async () => {
    const run = await heldRun()
    forge.repositoryById = () => Promise.reject(new ErrandError('bad_upstream'))

    await beginAutomationRun(context, run)
    expect(await outcome(run)).toMatchObject({ status: 'due', attempt: 1 })
    expect(await claimAutomationRuns(store, 1)).toEqual([])
    for (let attempt = 2; attempt <= 20; attempt++) {
      clockMs += 601_000
      await beginAutomationRun(context, await claim())
    }

    expect(await outcome(run)).toMatchObject({
      status: 'refused',
      reason: 'The forge did not answer as expected',
    })
  })
})

describe('a run of a recipe', () => {
  const recipe = { prompt: '#!recipe release', model: '', tools: ['create_pull_request'] }
  const pull = { title: 'Release', base: 'main', draft: true }

  it('begins on a new branch where no pull request is open, with the model that runs scripts', async () => {
    await beginAutomationRun(context, await heldRun(recipe))

    const prompt = `#!recipe release main http://errand/${repository.full_name}`
    expect(await tasks()).toMatchObject([
      { head_ref: null, sessions: [{ prompt, model: 'script' }] },
    ])
  })

  it('goes on with the branch of the pull request that is open, towards the same base', async () => {
    const caller = await forge.actFor({ id: 1 })
    const access = caller && (await forge.repositoryById(caller, repository.id))
    if (caller === undefined || access === undefined) throw new Error('alice is gone')
    await forge.openPull(caller, access, { ...pull, head: 'other', body: 'by hand' })
    await forge.openPull(caller, access, { ...pull, head: 'errand/release', body: `${mark} notes` })

    await beginAutomationRun(context, await heldRun(recipe))

    expect(await tasks()).toMatchObject([{ head_ref: 'errand/release', base_ref: 'main' }])
  })

  it('is skipped while the same recipe is at work in the repository', async () => {
    const first = await heldRun(recipe)
    await beginAutomationRun(context, first)
    const second = await heldRun(recipe)

    await beginAutomationRun(context, second)

    const [task] = await tasks()
    expect(await outcome(second)).toMatchObject({
      status: 'skipped',
      skip_reason: 'still_running',
      reason: `Task ${task?.id} is at the same recipe already.`,
      enabled: true,
    })
    expect(await tasks()).toHaveLength(1)
  })
})
