import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { endSession } from '../sessions/end.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { ada, create, eventually, mustLease } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import {
  claimDeliveries,
  noteDelivery,
  StaleDelivery,
  sweepWebhookDeliveries,
} from './claim-deliveries.ts'
import { findDelivery, listDeliveries, redeliver } from './list-deliveries.ts'
import { queueTaskDeliveries } from './queue-deliveries.ts'
import { queueEvent } from './queue-event.ts'
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  pingWebhook,
  updateWebhook,
  type WebhookFields,
  type WebhookTarget,
} from './webhooks.ts'

const owner = { id: 100, login: 'owner-100' }
const target: WebhookTarget = {
  type: 'repository',
  id: 10,
  owner,
  repository: { id: 10, full_name: 'owner-100/repo-10' },
}
const ofOrganization: WebhookTarget = { type: 'organization', id: 100, owner }

/** A webhook that was pinged already. */
async function addWebhook(
  store: Store,
  fields: Partial<WebhookFields> = {},
  whose: WebhookTarget = target,
) {
  const hook = {
    url: 'https://example.com/',
    content_type: 'json' as const,
    insecure_ssl: false,
    events: ['agent_task'],
    active: true,
    ...fields,
  }
  const created = await createWebhook(store, whose, hook, ada, () => ({ zen: 'ping' }))
  await store.db.deleteFrom('webhook_deliveries').where('event', '=', 'ping').execute()
  return created
}

const arrived = { status_code: 204, status: 'OK', duration_ms: 1.5, request: {}, response: {} }
const refused = { ...arrived, status_code: 500, status: 'Internal Server Error' }

/** Until so many connections wait for a lock. On PGlite there is one connection: whatever comes waits. */
async function untilWaiting(store: Store, count: number): Promise<void> {
  if (store.kind !== 'postgres') return
  await eventually(async () => {
    const { rows } = await sql`
      select pid
      from pg_stat_activity
      where datname = current_database()
        and wait_event_type = 'Lock'`.execute(store.db)
    return rows.length === count
  })
}

describeOnEachStore('webhooks', (on) => {
  it('are told of a task of their repository or its owner, in its order', async () => {
    const ofOwner = await addWebhook(on.store, { events: ['*'] }, ofOrganization)
    const ofRepository = await addWebhook(on.store)
    await addWebhook(on.store, { active: false })
    await addWebhook(on.store, { events: ['push'] })
    await addWebhook(on.store, {}, { ...target, id: 11 })
    // An organization's number says nothing about a repository's.
    await addWebhook(on.store, {}, { ...target, id: 100 })
    const task = await create(on.store)
    const lease = await mustLease(on.store)
    await endSession(on.store, lease, { state: 'completed' })

    const told: unknown[] = []
    for (const action of ['queued', 'in_progress', 'completed']) {
      const claimed = await claimDeliveries(on.store, 10)
      expect(await claimDeliveries(on.store, 10)).toEqual([])
      expect(claimed.map((delivery) => delivery.webhook_id)).toEqual([ofOwner.id, ofRepository.id])
      expect(claimed.map((delivery) => delivery.action)).toEqual([action, action])
      told.push(...claimed.map((delivery) => delivery.task_id))
      for (const delivery of claimed) await noteDelivery(on.store, delivery, arrived)
    }

    expect(new Set(told)).toEqual(new Set([task.id]))
    expect(await claimDeliveries(on.store, 10)).toEqual([])
  })

  it('keep no task and no event from being written while they are deleted', async () => {
    const hook = await addWebhook(on.store, { events: ['*'] })
    const happened = {
      id: randomUUID(),
      event: 'push' as const,
      owner_id: 100,
      repository_id: 10,
      payload: {},
    }

    const writing: Promise<unknown>[] = []
    await transact(on.store, async (tx) => {
      await tx.deleteFrom('webhooks').where('id', '=', hook.id).execute()
      writing.push(create(on.store), queueEvent(on.store, happened))
      await untilWaiting(on.store, writing.length)
    })

    await Promise.all(writing)
    expect(await claimDeliveries(on.store, 10)).toEqual([])
  })

  it('are not pinged, and not told again, once they are deleted', async () => {
    const hook = await addWebhook(on.store)
    await create(on.store)
    const [delivery] = await claimDeliveries(on.store, 10)
    await noteDelivery(on.store, delivery!, arrived)
    const told = await findDelivery(on.store, hook.id, delivery!.id)
    await deleteWebhook(on.store, target, hook.id, ada)

    const notFound = { errorName: 'not_found' }
    await expect(pingWebhook(on.store, target, hook, {})).rejects.toMatchObject(notFound)
    await expect(redeliver(on.store, told!)).rejects.toMatchObject(notFound)
  })

  it('are told nothing of a change that was not committed', async () => {
    await addWebhook(on.store)
    const task = await create(on.store)
    const [first] = await claimDeliveries(on.store, 10)
    await noteDelivery(on.store, first!, arrived)

    const undone = transact(on.store, async (tx) => {
      const session = { id: first!.session_id!, task_id: task.id }
      await queueTaskDeliveries(on.store, tx, session, 'completed')
      throw new Error('the process died here')
    })

    await expect(undone).rejects.toThrow('the process died here')
    expect(await claimDeliveries(on.store, 10)).toEqual([])
  })

  it('are told again, ever later, for a day; and a first failure lets the next go ahead', async () => {
    await addWebhook(on.store)
    await create(on.store)
    await mustLease(on.store)
    let attempts = 0
    let minutes = 0
    let wasNextSent = false
    for (; minutes < 26 * 60; minutes += 10) {
      for (const delivery of await claimDeliveries(on.store, 10)) {
        if (delivery.action === 'queued') attempts += 1
        else wasNextSent = true
        await noteDelivery(on.store, delivery, delivery.action === 'queued' ? refused : arrived)
      }
      on.clock.advance({ minutes: 10 })
    }

    expect(wasNextSent).toBe(true)
    expect(attempts).toBeGreaterThan(20)
    expect(attempts).toBeLessThan(40)
    const rows = await on.store.db.selectFrom('webhook_deliveries').selectAll().execute()
    expect(rows.find((row) => row.action === 'queued')).toMatchObject({
      status_code: 500,
      failures: attempts,
      closed_at: expect.any(Date),
    })
  })

  it('whose receiver hangs keep none of another waiting, however much they are to be told', async () => {
    const hanging = await addWebhook(on.store, { events: ['push'] })
    const other = await addWebhook(on.store, { events: ['push'] }, { ...target, id: 11 })
    const push = async (repository_id: number) =>
      await queueEvent(on.store, {
        id: randomUUID(),
        event: 'push',
        owner_id: 100,
        repository_id,
        payload: {},
      })
    const claim = async () =>
      (await claimDeliveries(on.store, 16)).map((delivery) => delivery.webhook_id)
    for (let count = 0; count < 20; count += 1) await push(10)
    on.clock.advance({ seconds: 1 })
    await push(11)

    expect(await claim()).toEqual([hanging.id, hanging.id, other.id])
    await push(11)
    expect(await claim()).toEqual([other.id])
    on.clock.advance({ seconds: 31 })
    expect(await claim()).toEqual([hanging.id, hanging.id, other.id, other.id])
  })

  it('have no more sent at a time by several senders than by one', async () => {
    await addWebhook(on.store, { events: ['push'] })
    const pushed = { event: 'push' as const, owner_id: 100, repository_id: 10, payload: {} }
    for (let count = 0; count < 9; count += 1) {
      await queueEvent(on.store, { ...pushed, id: randomUUID() })
    }

    const claims = await Promise.all(Array.from({ length: 4 }, () => claimDeliveries(on.store, 16)))

    expect(claims.flat()).toHaveLength(2)
  })

  it('are told by another when the sender died, and the dead one changes nothing', async () => {
    await addWebhook(on.store)
    await create(on.store)
    const [dead] = await claimDeliveries(on.store, 10)

    on.clock.advance({ seconds: 31 })
    const [taken] = await claimDeliveries(on.store, 10)

    expect(taken).toMatchObject({ id: dead!.id, guid: dead!.guid, attempt: 2 })
    await expect(noteDelivery(on.store, dead!, arrived)).rejects.toThrow(StaleDelivery)
    await noteDelivery(on.store, taken!, arrived)
  })

  it('forget what they were told after a week', async () => {
    await addWebhook(on.store)
    await create(on.store)
    const [delivery] = await claimDeliveries(on.store, 10)
    await noteDelivery(on.store, delivery!, arrived)
    const count = async () =>
      (await on.store.db.selectFrom('webhook_deliveries').select('id').execute()).length

    on.clock.advance({ minutes: 6 * 24 * 60 })
    await sweepWebhookDeliveries(on.store)
    expect(await count()).toBe(1)

    on.clock.advance({ minutes: 2 * 24 * 60 })
    await sweepWebhookDeliveries(on.store)
    expect(await count()).toBe(0)
  })

  it('belong to their target, and keep their secret sealed for their place alone', async () => {
    const about: string[] = []
    const secret = (place: string) => (about.push(place), 'sealed')
    const hook = await addWebhook(on.store, { secret })

    expect(hook).toMatchObject({ secret: 'sealed', events: ['agent_task'] })
    expect(about).toEqual([`webhooks/${hook.seal_id}/secret`])
    expect(await listWebhooks(on.store, target)).toEqual([hook])
    const other = { ...ofOrganization, id: target.id }
    expect(await findWebhook(on.store, other, hook.id)).toBeUndefined()
    expect(await deleteWebhook(on.store, other, hook.id, ada)).toBe(false)
    expect(await deleteWebhook(on.store, target, hook.id, ada)).toBe(true)
    expect(await findWebhook(on.store, target, hook.id)).toBeUndefined()
  })

  it('are at most twenty', async () => {
    for (let count = 0; count < 20; count += 1) await addWebhook(on.store)

    await expect(addWebhook(on.store)).rejects.toThrow()
    await addWebhook(on.store, {}, ofOrganization)
  })

  it('are changed and pinged, and each change is written down without the secret', async () => {
    const fields = { url: 'https://a.example/', content_type: 'json', insecure_ssl: false } as const
    const hook = await createWebhook(
      on.store,
      target,
      { ...fields, events: ['push'], active: true, secret: () => 'sealed-1' },
      ada,
      ({ id }) => ({ hook_id: id }),
    )
    const [ping] = await claimDeliveries(on.store, 10)
    expect(ping).toMatchObject({ event: 'ping', payload: { hook_id: hook.id } })

    const changed = await updateWebhook(on.store, target, hook.id, ada, () => ({ active: false }))
    expect(changed).toMatchObject({ active: false, secret: 'sealed-1', url: fields.url })
    const bare = await updateWebhook(on.store, target, hook.id, ada, () => ({
      events: ['push', 'agent_task'],
      secret: null,
    }))
    expect(bare).toMatchObject({ secret: null, events: ['push', 'agent_task'] })
    expect(await updateWebhook(on.store, target, 999_999, ada, () => ({}))).toBeUndefined()
    await deleteWebhook(on.store, target, hook.id, ada)

    const log = await on.store.db.selectFrom('audit_log').selectAll().orderBy('number').execute()
    expect(log.map(({ action }) => action)).toEqual([
      'hook.create',
      'hook.config_changed',
      'hook.config_changed',
      'hook.destroy',
    ])
    expect(JSON.stringify(log)).not.toContain('sealed')
  })

  it('are told once of what happened on the forge, if they want to know, and again on request', async () => {
    const hook = await addWebhook(on.store, { events: ['push'] })
    await addWebhook(on.store, { events: ['*'] }, ofOrganization)
    await addWebhook(on.store, { events: ['issue_comment'] })
    await addWebhook(on.store, { events: ['push'], active: false })
    const happening = {
      id: randomUUID(),
      event: 'push' as const,
      repository_id: 10,
      owner_id: 100,
      payload: { ref: 'refs/heads/main' },
    }
    await queueEvent(on.store, happening)
    await queueEvent(on.store, happening)

    const told = await claimDeliveries(on.store, 10)
    expect(told.map(({ guid }) => guid)).toEqual([happening.id, happening.id])
    for (const delivery of told) {
      const { payload } = delivery
      await noteDelivery(on.store, delivery, { ...arrived, request: { headers: {}, payload } })
    }
    const [listed] = await listDeliveries(on.store, hook.id, { limit: 10 })
    await redeliver(on.store, (await findDelivery(on.store, hook.id, listed!.id))!)

    const [again] = await claimDeliveries(on.store, 10)
    expect(again).toMatchObject({ guid: happening.id, redelivery: true, payload: told[0]!.payload })
  })

  it('are not asked again where that cannot help', async () => {
    await addWebhook(on.store)
    await create(on.store)
    const [delivery] = await claimDeliveries(on.store, 10)
    await noteDelivery(on.store, delivery!, { ...refused, isFinal: true })

    on.clock.advance({ minutes: 60 })
    expect(await claimDeliveries(on.store, 10)).toEqual([])
  })
})
