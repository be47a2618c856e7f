import { expect, it } from 'vitest'
import { endSession } from '../sessions/end.ts'
import { transact } from '../store/transact.ts'
import { create, mustLease } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import {
  claimDeliveries,
  noteDelivery,
  StaleDelivery,
  sweepDeliveries,
} from './claim-deliveries.ts'
import { queueTaskDeliveries } from './queue-deliveries.ts'
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  type NewWebhook,
} from './webhooks.ts'

const target = { type: 'repository', id: 10 } as const

function newHook(hook: Partial<NewWebhook> = {}): NewWebhook {
  return {
    target,
    url: 'https://example.com/',
    content_type: 'json',
    insecure_ssl: false,
    events: ['agent_task'],
    active: true,
    ...hook,
  }
}

const arrived = { status_code: 204, status: 'OK', duration_ms: 1.5, request: {}, response: {} }
const refused = { ...arrived, status_code: 500, status: 'Internal Server Error' }

describeOnEachStore('webhooks', (on) => {
  it('are told of a task of their repository or its owner, in its order', async () => {
    const ofOwner = await createWebhook(
      on.store,
      newHook({ target: { type: 'organization', id: 100 }, events: ['*'] }),
    )
    const ofRepository = await createWebhook(on.store, newHook())
    await createWebhook(on.store, newHook({ active: false }))
    await createWebhook(on.store, newHook({ events: ['push'] }))
    await createWebhook(on.store, newHook({ target: { type: 'repository', id: 11 } }))
    // An organization's number says nothing about a repository's.
    await createWebhook(on.store, newHook({ target: { type: 'repository', id: 100 } }))
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

  it('are told nothing of a change that was not committed', async () => {
    await createWebhook(on.store, newHook())
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
    await createWebhook(on.store, newHook())
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

  it('are told by another when the sender died, and the dead one changes nothing', async () => {
    await createWebhook(on.store, newHook())
    await create(on.store)
    const [dead] = await claimDeliveries(on.store, 10)

    on.clock.advance({ seconds: 31 })
    const [taken] = await claimDeliveries(on.store, 10)

    expect(taken).toMatchObject({ id: dead!.id, guid: dead!.guid, attempt: 2 })
    await expect(noteDelivery(on.store, dead!, arrived)).rejects.toThrow(StaleDelivery)
    await noteDelivery(on.store, taken!, arrived)
  })

  it('forget what they were told after a week', async () => {
    await createWebhook(on.store, newHook())
    await create(on.store)
    const [delivery] = await claimDeliveries(on.store, 10)
    await noteDelivery(on.store, delivery!, arrived)
    const count = async () =>
      (await on.store.db.selectFrom('webhook_deliveries').select('id').execute()).length

    on.clock.advance({ minutes: 6 * 24 * 60 })
    await sweepDeliveries(on.store)
    expect(await count()).toBe(1)

    on.clock.advance({ minutes: 2 * 24 * 60 })
    await sweepDeliveries(on.store)
    expect(await count()).toBe(0)
  })

  it('belong to their target, and keep their secret sealed for their place alone', async () => {
    const about: string[] = []
    const secret = (place: string) => (about.push(place), 'sealed')
    const hook = await createWebhook(on.store, newHook({ secret }))

    expect(hook).toMatchObject({ secret: 'sealed', events: ['agent_task'] })
    expect(about).toEqual([`webhooks/${hook.seal_id}/secret`])
    expect(await listWebhooks(on.store, target)).toEqual([hook])
    const other = { type: 'organization', id: target.id } as const
    expect(await findWebhook(on.store, other, hook.id)).toBeUndefined()
    expect(await deleteWebhook(on.store, other, hook.id)).toBe(false)
    expect(await deleteWebhook(on.store, target, hook.id)).toBe(true)
    expect(await findWebhook(on.store, target, hook.id)).toBeUndefined()
  })
})
