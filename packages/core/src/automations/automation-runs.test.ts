import { randomUUID } from 'node:crypto'
import { ErrandError } from '@errand/contract'
import { expect, it } from 'vitest'
import { endSession } from '../sessions/end.ts'
import { openStore } from '../store/open.ts'
import type { AutomationRow, AutomationRunRow } from '../store/automation-rows.ts'
import type { Store } from '../store/store.ts'
import { create, mustLease } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { usageOf } from './automation-usage.ts'
import {
  claimAutomationRuns,
  type HeldAutomationRun,
  noteRefusedRun,
  noteRequest,
  noteStartedRun,
  postponeAutomationRun,
  StaleAutomationRun,
} from './claim-runs.ts'
import { createAutomation, type NewAutomation } from './create-automation.ts'
import { enqueueDueRuns, requestRun } from './enqueue-runs.ts'
import { deleteAutomation, getAutomation, listAutomations } from './list-automations.ts'
import { listAutomationRuns } from './list-runs.ts'
import { settleRuns } from './settle-runs.ts'
import { updateAutomation } from './update-automation.ts'

const grace = { id: 2, login: 'grace' }

function anAutomation(overrides: Partial<NewAutomation> = {}): NewAutomation {
  return {
    name: 'Weekly',
    description: '',
    prompt: 'Tidy up',
    enabled: true,
    owner_type: 'user',
    write_scope: 'trigger',
    require_actor_write_permission: true,
    allow_concurrent_runs: false,
    triggers: { interval: { cadence: ['hourly'], minute_utc: 0 } },
    model: 'script',
    tools: ['create_pull_request'],
    agent: '',
    allowed_custom_agents: [],
    usage_limits: [],
    base_ref: '',
    creator: grace,
    repository: { id: 10, full_name: 'acme/shop' },
    ...overrides,
  }
}

describeOnEachStore('automations', (on) => {
  const add = (overrides: Partial<NewAutomation> = {}) =>
    createAutomation(on.store, anAutomation(overrides))

  async function history(automation: AutomationRow, store = on.store): Promise<AutomationRunRow[]> {
    const { runs } = await listAutomationRuns(store, automation.id, { page: 1, per_page: 100 })
    return runs
  }

  const reread = async (automation: AutomationRow) =>
    (await getAutomation(on.store, automation.id)) as AutomationRow

  async function claimOne(): Promise<HeldAutomationRun> {
    const [run] = await claimAutomationRuns(on.store, 10)
    if (run === undefined) throw new Error('a run was expected to be due')
    return run
  }

  /** Lets an hour pass and gives the run that is due then its task. */
  async function beginNext(): Promise<string> {
    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)
    const run = await claimOne()
    const task = await create(on.store)
    await noteStartedRun(on.store, run, task.id)
    return task.id
  }

  async function endNext(state: 'completed' | 'failed'): Promise<void> {
    await beginNext()
    const lease = await mustLease(on.store)
    await endSession(
      on.store,
      lease,
      state === 'failed'
        ? { state, error: { type: 'agent_failed', message: 'it broke' } as never }
        : { state },
    )
    await settleRuns(on.store)
  }

  it('are due at their time, once, and again at the next', async () => {
    const automation = await add()
    await enqueueDueRuns(on.store)
    expect(await history(automation)).toEqual([])

    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)
    await enqueueDueRuns(on.store)

    const runs = await history(automation)
    expect(runs).toMatchObject([{ status: 'due', event: 'interval' }])
    expect(runs[0]?.scheduled_for).toEqual(automation.next_run_at)
    const next = (await reread(automation)).next_run_at
    expect(next?.getTime()).toBe((automation.next_run_at?.getTime() ?? 0) + 3_600_000)
  })

  it('are enqueued and claimed once, however many look at the same moment', async () => {
    const automations = await Promise.all(Array.from({ length: 30 }, () => add()))
    on.clock.advance({ minutes: 60 })
    const others: Store[] = [on.store]
    if (on.store.kind === 'postgres') {
      const open = () => openStore({ ...on.database.options, clock: on.clock })
      others.push(await open(), await open())
    }

    try {
      for (let round = 0; round < 4; round++) {
        await Promise.all([...others, ...others].map((store) => enqueueDueRuns(store)))
      }
      const claims = await Promise.all(
        [...others, ...others].map((store) => claimAutomationRuns(store, 100)),
      )

      const claimed = claims.flat().map((run) => run.automation_id)
      expect(claimed.toSorted()).toEqual(automations.map(({ id }) => id).toSorted())
      for (const automation of automations) expect(await history(automation)).toHaveLength(1)
    } finally {
      for (const store of others.slice(1)) await store.close()
    }
  })

  it('are not due a second time when the clock was set back', async () => {
    const automation = await add()
    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)
    await on.store.db
      .updateTable('automations')
      .set({ next_run_at: automation.next_run_at })
      .where('id', '=', automation.id)
      .execute()

    expect(await enqueueDueRuns(on.store)).toBe(1)
    expect(await history(automation)).toHaveLength(1)
    expect(await enqueueDueRuns(on.store)).toBe(0)
  })

  it('make up once for what was missed, and say how much that was', async () => {
    const automation = await add()
    on.clock.advance({ minutes: 5 * 60 })
    await enqueueDueRuns(on.store)

    const runs = await history(automation)
    expect(runs).toMatchObject([
      { status: 'due' },
      {
        status: 'skipped',
        skip_reason: 'missed',
        reason: expect.stringMatching(/^4 runs due from/),
      },
    ])
    expect(await claimAutomationRuns(on.store, 10)).toHaveLength(1)
  })

  it('do not run beside themselves: what is due meanwhile is skipped, with the task it waited for', async () => {
    const automation = await add()
    const taskId = await beginNext()

    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)

    const [skipped] = await history(automation)
    expect(skipped).toMatchObject({ status: 'skipped', skip_reason: 'still_running' })
    expect(skipped?.reason).toContain(taskId)
    await expect(
      requestRun(on.store, automation.id, { event: 'manual', actor: grace }),
    ).rejects.toThrow(expect.objectContaining({ errorName: 'conflict' }))
  })

  it('run beside themselves where that is allowed', async () => {
    const automation = await add({ allow_concurrent_runs: true })
    await beginNext()
    await beginNext()
    await requestRun(on.store, automation.id, { event: 'manual', actor: grace })

    expect((await history(automation)).map(({ status }) => status)).toEqual([
      'due',
      'started',
      'started',
    ])
  })

  it('are paused after three failures in a row, with the reason, and run anew when resumed', async () => {
    const automation = await add()
    await endNext('failed')
    await endNext('completed')
    await endNext('failed')
    await endNext('failed')
    expect(await reread(automation)).toMatchObject({ enabled: true, failures: 2 })
    await endNext('failed')

    expect(await reread(automation)).toMatchObject({
      enabled: false,
      next_run_at: null,
      disabled_reason: 'consecutive_failures',
      disabled_at: expect.any(Date),
    })
    on.clock.advance({ minutes: 600 })
    expect(await enqueueDueRuns(on.store)).toBe(0)
    expect((await history(automation))[0]).toMatchObject({ status: 'failed', reason: 'it broke' })

    const resumed = await updateAutomation(on.store, automation.id, { enabled: true })
    expect(resumed).toMatchObject({ enabled: true, failures: 0, disabled_reason: null })
    expect(resumed.next_run_at?.getTime()).toBeGreaterThan(on.clock.now().getTime())
  })

  it('are paused at once when their creator may not do it any more', async () => {
    const automation = await add()
    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)
    await noteRefusedRun(on.store, await claimOne(), {
      reason: 'no access',
      pauses: 'creator_lost_access',
    })

    expect(await reread(automation)).toMatchObject({
      enabled: false,
      disabled_reason: 'creator_lost_access',
    })
    expect(await history(automation)).toMatchObject([{ status: 'refused', reason: 'no access' }])
  })

  it('are not begun beyond a usage limit, and counted by the calendar of UTC', async () => {
    const automation = await add({ usage_limits: [{ period: 'day', limit: 1000 }] })
    const taskId = await beginNext()
    await on.store.db
      .updateTable('sessions')
      .set({ usage_nano: 1000 })
      .where('task_id', '=', taskId)
      .execute()
    await endSession(on.store, await mustLease(on.store), { state: 'completed' })
    await settleRuns(on.store)

    const usage = await usageOf(on.store, await reread(automation))
    expect(usage).toMatchObject({ last_24_hours: 1000, last_7_days: 1000, last_30_days: 1000 })
    expect(usage.limits).toEqual([
      { period: 'day', limit: 1000, used: 1000, resets_at: expect.any(String), reached: true },
    ])
    await expect(
      requestRun(on.store, automation.id, { event: 'manual', actor: grace }),
    ).rejects.toThrow(/usage limit for the day is reached/)
    on.clock.advance({ minutes: 24 * 60 })
    const later = await usageOf(on.store, await reread(automation))
    expect(later.limits).toMatchObject([{ used: 0, reached: false }])
  })

  it('whose schedule is not understood any more are paused, and keep no other from running', async () => {
    const broken = await add()
    const other = await add()
    const triggers = { cron: { expression: '0 * * * *', time_zone: 'Europe/Gone' } }
    await on.store.db
      .updateTable('automations')
      .set({ triggers: JSON.stringify(triggers) })
      .where('id', '=', broken.id)
      .execute()
    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)

    expect(await reread(broken)).toMatchObject({
      enabled: false,
      next_run_at: null,
      disabled_reason: 'invalid_schedule',
    })
    expect(await history(broken)).toEqual([])
    await expect(updateAutomation(on.store, broken.id, { enabled: true })).rejects.toThrow(
      expect.objectContaining({
        errors: [expect.objectContaining({ field: 'triggers.cron.time_zone' })],
      }),
    )
    const renamed = await updateAutomation(on.store, broken.id, { name: 'Broken' })
    expect(renamed).toMatchObject({ name: 'Broken', disabled_reason: 'invalid_schedule' })
    expect(await history(other)).toMatchObject([{ status: 'due' }])
  })

  it('can be run by hand, also while they are paused', async () => {
    const automation = await add({ enabled: false })
    await requestRun(on.store, automation.id, { event: 'manual', actor: grace })

    expect(await history(automation)).toMatchObject([
      { status: 'due', scheduled_for: null, actor_login: 'grace' },
    ])
    expect(await claimAutomationRuns(on.store, 10)).toHaveLength(1)
  })

  it('fix what a task is asked to be, so that whoever takes a run over asks for the same', async () => {
    await add()
    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)
    const dead = await claimOne()
    await noteRequest(on.store, dead, { prompt: 'Tidy up', head_ref: 'errand/one' })
    expect(await claimAutomationRuns(on.store, 10)).toEqual([])

    on.clock.advance({ seconds: 61 })
    const next = await claimOne()
    expect(next).toMatchObject({ attempt: 2, request: { head_ref: 'errand/one' } })
    const task = await create(on.store)
    await expect(noteStartedRun(on.store, dead, task.id)).rejects.toThrow(StaleAutomationRun)
    await noteStartedRun(on.store, next, task.id)
    await expect(noteStartedRun(on.store, next, task.id)).rejects.toThrow(StaleAutomationRun)
  })

  it('wait before they are tried again', async () => {
    await add()
    on.clock.advance({ minutes: 60 })
    await enqueueDueRuns(on.store)
    await postponeAutomationRun(on.store, await claimOne(), 30)

    expect(await claimAutomationRuns(on.store, 10)).toEqual([])
    on.clock.advance({ seconds: 31 })
    expect(await claimAutomationRuns(on.store, 10)).toHaveLength(1)
  })

  it('are changed only by who knows the current revision', async () => {
    const automation = await add()
    const change = { expected_revision_id: automation.revision_id, prompt: 'Tidy up more' }
    const changed = await updateAutomation(on.store, automation.id, change)

    expect(changed).toMatchObject({ prompt: 'Tidy up more', name: 'Weekly' })
    expect(changed.next_run_at).toEqual(automation.next_run_at)
    await expect(updateAutomation(on.store, automation.id, change)).rejects.toThrow(
      expect.objectContaining({
        errorName: 'conflict',
        message: expect.stringContaining(changed.revision_id),
      }),
    )
    const gone = updateAutomation(on.store, randomUUID(), { name: 'x' })
    await expect(gone).rejects.toThrow(ErrandError)
  })

  it('take another time when their triggers change, and none without a trigger', async () => {
    const automation = await add()
    const triggers = { cron: { expression: '0 9 * * 1', time_zone: 'Europe/Berlin' } }
    const changed = await updateAutomation(on.store, automation.id, { triggers })

    expect(changed.next_run_at?.getUTCDay()).toBe(1)
    expect(await updateAutomation(on.store, automation.id, { triggers: {} })).toMatchObject({
      next_run_at: null,
      enabled: true,
    })
  })

  it('of files have one name each in a repository; those made by hand are free', async () => {
    const source_path = '.github/errand/automations/release.yml'
    const file = await add({ source_path })
    await add()
    await add({ source_path, repository: { id: 11, full_name: 'acme/other' } })
    const other = await add({ source_path, name: 'Other' })

    await expect(add({ source_path })).rejects.toThrow(/Validation Failed/)
    const renamed = updateAutomation(on.store, other.id, { name: file.name })
    await expect(renamed).rejects.toThrow(/Validation Failed/)
  })

  it('are listed by what is asked for', async () => {
    const mine = await add({ creator: { id: 1, login: 'ada' }, name: 'A' })
    const cron = await add({
      name: 'B',
      enabled: false,
      owner_type: 'repository',
      triggers: { cron: { expression: '0 9 * * 1', time_zone: 'UTC' } },
    })
    const find = async (filter: object) => {
      const page = await listAutomations(on.store, { page: 1, per_page: 10, ...filter })
      return page.automations.map(({ id }) => id)
    }

    expect(await find({})).toEqual([mine.id, cron.id])
    expect(await find({ creator_login: 'ADA' })).toEqual([mine.id])
    expect(await find({ creator_id: 2 })).toEqual([cron.id])
    expect(await find({ event: 'cron' })).toEqual([cron.id])
    expect(await find({ enabled: true })).toEqual([mine.id])
    expect(await find({ owner_type: 'repository' })).toEqual([cron.id])
    expect(await listAutomations(on.store, { page: 1, per_page: 1 })).toMatchObject({
      has_more: true,
    })
  })

  it('go with their history; their tasks stay', async () => {
    const automation = await add()
    const taskId = await beginNext()
    await deleteAutomation(on.store, automation.id)

    expect(await getAutomation(on.store, automation.id)).toBeUndefined()
    expect(await history(automation)).toEqual([])
    const task = on.store.db.selectFrom('tasks').selectAll().where('id', '=', taskId)
    expect(await task.execute()).toHaveLength(1)
    expect(await settleRuns(on.store)).toBe(0)
  })
})
