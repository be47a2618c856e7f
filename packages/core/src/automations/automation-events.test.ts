import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { acceptDelivery } from '../deliveries/accept-delivery.ts'
import { endSession } from '../sessions/end.ts'
import { recordArtifact, recordEvents, setHeadRef } from '../sessions/record.ts'
import { sweepPortalRuns } from '../portals/sweep-portal-runs.ts'
import { createLeased, create, mustLease } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import type { NewAutomationEvent } from './add-events.ts'
import {
  claimAutomationEvents,
  closeAutomationEvent,
  StaleAutomationEvent,
  takeOverAutomationEvents,
} from './claim-events.ts'
import { claimAutomationRuns, noteSkippedRun, noteStartedRun } from './claim-runs.ts'
import { createAutomation, type NewAutomation } from './create-automation.ts'
import { deepestChain } from './enqueue-downstream.ts'
import { enqueueEventRun } from './enqueue-event-run.ts'
import { requestRun } from './enqueue-runs.ts'
import { listAutomationRuns } from './list-runs.ts'
import { wasMovedByAutomation, wasOpenedByAutomation } from './made-by-automation.ts'
import { settleRuns } from './settle-runs.ts'
import { sweepAutomations } from './sweep-automations.ts'
import { claimRunsToTell, noteToldRun, postponeTelling } from './tell-runs.ts'
import { updateAutomation } from './update-automation.ts'

const grace = { id: 2, login: 'grace' }
const trigger = { number: 7, url: 'http://forge/7', write_scope: 'trigger' } as const

function anAutomation(overrides: Partial<NewAutomation> = {}): NewAutomation {
  return {
    name: 'Triage',
    description: '',
    prompt: 'Triage it',
    enabled: true,
    owner_type: 'user',
    write_scope: 'trigger',
    require_actor_write_permission: true,
    allow_concurrent_runs: false,
    triggers: { pull_request: { types: ['opened'] } },
    model: 'script',
    tools: ['add_comment'],
    agent: '',
    allowed_custom_agents: [],
    usage_limits: [],
    base_ref: '',
    creator: grace,
    repository: { id: 10, full_name: 'acme/shop' },
    ...overrides,
  }
}

function anEvent(overrides: Partial<NewAutomationEvent> = {}): NewAutomationEvent {
  return {
    event_key: randomUUID(),
    event: 'pull_request',
    type: 'opened',
    repository_id: 10,
    repository_full_name: 'acme/shop',
    hint: { number: 7, is_pull: true },
    actor_id: 2,
    actor_login: 'grace',
    happened_at: new Date(),
    ...overrides,
  }
}

describeOnEachStore('an event', (on) => {
  const add = (overrides: Partial<NewAutomation> = {}) =>
    createAutomation(on.store, anAutomation(overrides))
  const tell = (event: NewAutomationEvent, id: string = randomUUID()) =>
    acceptDelivery(on.store, { id, event: event.event }, [{ type: 'event', event }])
  const claim = () => claimAutomationEvents(on.store, 10)
  async function history({ id }: { id: string }) {
    return (await listAutomationRuns(on.store, id, { page: 1, per_page: 100 })).runs
  }
  /** Gives the run that is due its task. */
  async function begin() {
    const [run] = await claimAutomationRuns(on.store, 1)
    const task = await create(on.store)
    await noteStartedRun(on.store, run!, task.id)
    return task
  }
  async function complete() {
    await begin()
    await endSession(on.store, await mustLease(on.store), { state: 'completed' })
    await settleRuns(on.store)
  }

  it('is noted for each automation that waits for it, and kept of no other', async () => {
    await add()
    await add()
    await add({ enabled: false })
    await add({ triggers: { pull_request: { types: ['closed'] } } })
    await add({ triggers: { issues: { types: ['opened'] } } })
    await add({ repository: { id: 11, full_name: 'acme/other' } })

    expect(await tell(anEvent())).toEqual({ accepted: true, replayed: false })
    expect(await claim()).toHaveLength(2)
    expect(await tell(anEvent({ event: 'issue_comment', type: 'created' }), 'unwanted')).toEqual({
      accepted: false,
      replayed: false,
    })
    const kept = await on.store.db.selectFrom('forge_deliveries').select('id').execute()
    expect(kept.map(({ id }) => id)).not.toContain('unwanted')
  })

  it('is one event under whatever delivery it is told of, and begins one run', async () => {
    const automation = await add()
    const event = anEvent()
    await tell(event)
    const renamed = await Promise.all([tell(event), tell(event), tell(event)])
    const [held, ...more] = await claim()
    const run = await enqueueEventRun(on.store, held!, { trigger })

    expect(renamed.map(({ replayed }) => replayed)).toEqual([true, true, true])
    expect(more).toEqual([])
    expect(run).toMatchObject({ status: 'due', event: 'pull_request', type: 'opened', trigger })
    await expect(enqueueEventRun(on.store, held!, { trigger })).rejects.toThrow(
      StaleAutomationEvent,
    )
    // Also when it was forgotten meanwhile.
    await on.store.db.deleteFrom('automation_events').execute()
    await tell(event)
    await complete()
    const [again] = await claim()
    expect(await enqueueEventRun(on.store, again!, { trigger })).toBeUndefined()
    expect(await history(automation)).toHaveLength(1)
  })

  it('waits while a run is open, in its turn, and is made up for no longer than a day', async () => {
    const automation = await add()
    for (const number of [1, 2]) await tell(anEvent({ hint: { number } }))
    const [first, second] = await claim()
    await enqueueEventRun(on.store, first!, { trigger })
    // The other server had claimed it before.
    const waits = await enqueueEventRun(on.store, second!, { trigger })
    on.clock.advance({ seconds: 6 })
    const meanwhile = await claim()
    await complete()
    const [next] = await claim()
    await enqueueEventRun(on.store, next!, { trigger })
    await begin()
    await tell(anEvent())
    on.clock.advance({ minutes: 24 * 60 + 1 })
    const [late] = await claim()
    const skipped = await enqueueEventRun(on.store, late!, { trigger })

    expect([waits, meanwhile]).toEqual([undefined, []])
    expect(next?.id).toBe(second?.id)
    expect(skipped).toMatchObject({ status: 'skipped', skip_reason: 'still_running' })
    expect(await history(automation)).toHaveLength(3)
  })

  it('whose automation was paused or deleted meanwhile begins nothing', async () => {
    const [paused, deleted] = [await add(), await add({ allow_concurrent_runs: true })]
    await tell(anEvent())
    const held = await claim()
    await updateAutomation(on.store, paused.id, { enabled: false })
    await on.store.db.deleteFrom('automations').where('id', '=', deleted.id).execute()

    const of = (id: string) => held.find((event) => event.automation_id === id)!
    expect(await enqueueEventRun(on.store, of(paused.id), { trigger })).toBeUndefined()
    await expect(enqueueEventRun(on.store, of(deleted.id), { trigger })).rejects.toThrow(
      StaleAutomationEvent,
    )
    expect(await history(paused)).toEqual([])
  })

  it('is taken over from who died, at once where the process before was the only one', async () => {
    await add()
    await tell(anEvent())
    const [dead] = await claim()
    await takeOverAutomationEvents(on.store)
    if (on.store.kind !== 'pglite') on.clock.advance({ seconds: 121 })

    expect(await claim()).toMatchObject([{ id: dead?.id, attempt: 2 }])
    await expect(closeAutomationEvent(on.store, dead!, 'late')).rejects.toThrow(
      StaleAutomationEvent,
    )
  })

  it('of a run that completed begins those that wait for it, and ends in no circle', async () => {
    const first = await add({ triggers: {} })
    const wait = (id: string) => ({ automation_run: { automation_ids: [id] } })
    const second = await add({ triggers: wait(first.id) })
    const elsewhere = { id: 11, full_name: 'acme/other' }
    const actor = grace

    await expect(
      updateAutomation(on.store, first.id, { triggers: wait(second.id) }),
    ).rejects.toThrow('Validation Failed')
    await expect(add({ triggers: wait(randomUUID()) })).rejects.toThrow('Validation Failed')
    await expect(add({ triggers: wait(first.id), repository: elsewhere })).rejects.toThrow(
      'Validation Failed',
    )
    // As two edits at the same moment may leave it.
    await on.store.db
      .updateTable('automations')
      .set({ triggers: JSON.stringify(wait(second.id)) })
      .where('id', '=', first.id)
      .execute()
    await requestRun(on.store, first.id, { event: 'manual', actor })
    for (let run = 0; run <= deepestChain; run += 1) await complete()

    const runs = [...(await history(first)), ...(await history(second))]
    expect(runs.filter(({ status }) => status === 'completed')).toHaveLength(deepestChain + 1)
    expect(runs.filter(({ status }) => status !== 'completed')).toMatchObject([
      { status: 'skipped', skip_reason: 'too_deep', event: 'automation_run' },
    ])
  })

  it('of a run that failed begins none', async () => {
    const first = await add({ triggers: {} })
    const second = await add({ triggers: { automation_run: { automation_ids: [first.id] } } })
    await requestRun(on.store, first.id, { event: 'manual', actor: grace })
    await begin()
    const error = { message: 'it broke' }
    await endSession(on.store, await mustLease(on.store), { state: 'failed', error })
    await settleRuns(on.store)

    expect(await history(second)).toEqual([])
  })

  it('is told how it ended, by one at a time', async () => {
    await add()
    await tell(anEvent())
    const [held] = await claim()
    await enqueueEventRun(on.store, held!, { trigger })
    const before = await claimRunsToTell(on.store, 8)
    await complete()
    const [first] = await claimRunsToTell(on.store, 8)
    const beside = await claimRunsToTell(on.store, 8)
    await postponeTelling(on.store, first!, 30)
    const early = await claimRunsToTell(on.store, 8)
    on.clock.advance({ seconds: 31 })
    const [again] = await claimRunsToTell(on.store, 8)
    await noteToldRun(on.store, again!)
    on.clock.advance({ seconds: 61 })

    expect([before, beside, early]).toEqual([[], [], []])
    expect(again).toMatchObject({ tell_number: 7, tell_failures: 1 })
    await expect(noteToldRun(on.store, first!)).rejects.toThrow('no longer holds')
    expect(await claimRunsToTell(on.store, 8)).toEqual([])
  })

  it('is forgotten a month later, and what was not made of it after three; tasks are kept', async () => {
    const automation = await add({ allow_concurrent_runs: true })
    for (const number of [1, 2]) await tell(anEvent({ hint: { number } }))
    for (const held of await claim()) await enqueueEventRun(on.store, held, { trigger })
    const [skipped] = await claimAutomationRuns(on.store, 1)
    await noteSkippedRun(on.store, skipped!, { skip_reason: 'not_enabled', reason: 'off' })
    await complete()
    const count = async () => {
      await sweepAutomations(on.store)
      await sweepPortalRuns(on.store)
      const events = await on.store.db.selectFrom('automation_events').select('id').execute()
      return [events.length, (await history(automation)).length]
    }

    expect(await count()).toEqual([2, 2])
    on.clock.advance({ minutes: 31 * 24 * 60 })
    expect(await count()).toEqual([0, 2])
    on.clock.advance({ minutes: 60 * 24 * 60 })
    expect(await count()).toEqual([0, 1])
  })

  it("that is an automation's own work is known by its pull request and its commits", async () => {
    const [automation, other] = [await add(), await add()]
    await requestRun(on.store, automation.id, { event: 'manual', actor: grace })
    const [run] = await claimAutomationRuns(on.store, 1)
    const { task, lease } = await createLeased(on.store)
    await noteStartedRun(on.store, run!, task.id)
    const data = { id: 1, number: 7, html_url: 'http://forge/pull/7' }
    await setHeadRef(on.store, lease, 'errand/x')
    await recordArtifact(on.store, lease, { provider: 'github', type: 'pull', data })
    const branch = { head_ref: 'errand/x', base_ref: 'main', commit: 'abc', files_changed: 1 }
    await recordEvents(on.store, lease, [{ type: 'artifact.branch', data: branch }])
    const pull = { repository_id: 10, number: 7 }
    const at = (head_sha: string) =>
      wasMovedByAutomation(on.store, { repository_id: 10, head: 'errand/x', head_sha })
    const whileAtWork = await at('def')
    await endSession(on.store, lease, { state: 'completed' })

    expect(await wasOpenedByAutomation(on.store, pull, automation.id)).toBe(true)
    expect(await wasOpenedByAutomation(on.store, pull, other.id)).toBe(false)
    expect(await wasOpenedByAutomation(on.store, pull)).toBe(true)
    expect(await wasOpenedByAutomation(on.store, { ...pull, number: 8 })).toBe(false)
    expect([whileAtWork, await at('abc'), await at('def')]).toEqual([true, true, false])
  })
})
