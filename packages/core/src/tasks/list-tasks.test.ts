import { expect, it } from 'vitest'
import { endSession } from '../sessions/end.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { aRepository, create, createLeased, grace } from '../testing/rows.ts'
import { archiveTask, unarchiveTask } from './archive-task.ts'
import { cancelTask } from './cancel-task.ts'
import { listTasks, type TaskFilter } from './list-tasks.ts'

const all: TaskFilter = {
  is_archived: false,
  sort: 'updated_at',
  direction: 'desc',
  page: 1,
  per_page: 30,
}

describeOnEachStore('listing tasks', (on) => {
  async function idsOf(filter: Partial<TaskFilter>): Promise<string[]> {
    const { tasks } = await listTasks(on.store, { ...all, ...filter })
    return tasks.map((task) => task.id)
  }

  it('orders by update or creation, newest first or last, and by creation within a moment', async () => {
    const a = await create(on.store)
    const b = await create(on.store)
    on.clock.advance({ seconds: 1 })
    const c = await create(on.store)
    on.clock.advance({ seconds: 1 })
    await cancelTask(on.store, a.id, 'ada')

    expect(await idsOf({})).toEqual([a.id, c.id, b.id])
    expect(await idsOf({ sort: 'created_at' })).toEqual([c.id, b.id, a.id])
    expect(await idsOf({ sort: 'created_at', direction: 'asc' })).toEqual([a.id, b.id, c.id])
  })

  it('filters by repository, creator, state and time of update', async () => {
    const a = await create(on.store)
    const b = await create(on.store, { repository: aRepository(11) })
    const c = await create(on.store, { creator: grace })
    on.clock.advance({ minutes: 1 })
    await cancelTask(on.store, b.id, 'ada')

    expect(await idsOf({ repository_id: 11 })).toEqual([b.id])
    expect(await idsOf({ creator_ids: [2] })).toEqual([c.id])
    expect(await idsOf({ creator_ids: [1, 2], repository_id: 10 })).toEqual([c.id, a.id])
    expect(await idsOf({ creator_ids: [] })).toEqual([])
    expect(await idsOf({ states: ['cancelled', 'failed'] })).toEqual([b.id])
    expect(await idsOf({ states: [] })).toEqual([b.id, c.id, a.id])
    expect(await idsOf({ since: on.clock.now() })).toEqual([b.id])
  })

  it('pages, and says whether there is more', async () => {
    const ids: string[] = []
    for (let i = 0; i < 5; i += 1) ids.unshift((await create(on.store)).id)

    const first = await listTasks(on.store, { ...all, per_page: 2 })
    const last = await listTasks(on.store, { ...all, per_page: 2, page: 3 })

    expect(first.tasks.map((task) => task.id)).toEqual(ids.slice(0, 2))
    expect(first.has_more).toBe(true)
    expect(last.tasks.map((task) => task.id)).toEqual(ids.slice(4))
    expect(last.has_more).toBe(false)
    expect(await idsOf({ page: 1_000_000 })).toEqual([])
  })

  it('shows archived tasks apart, and counts active and archived ones of the scope', async () => {
    const { task: ended, lease } = await createLeased(on.store)
    await endSession(on.store, lease, { state: 'completed' })
    await create(on.store)
    await create(on.store, { repository: aRepository(11) })
    await archiveTask(on.store, ended.id)

    expect(await idsOf({ repository_id: 10, is_archived: true })).toEqual([ended.id])
    expect(await idsOf({ repository_id: 10 })).not.toContain(ended.id)
    expect(await listTasks(on.store, { ...all, repository_id: 10 })).toMatchObject({
      total_active_count: 1,
      total_archived_count: 1,
    })

    const back = await unarchiveTask(on.store, ended.id)
    expect(back.archived_at).toBeNull()
    expect(await idsOf({ repository_id: 10, is_archived: true })).toEqual([])
  })

  it('archives only what has ended', async () => {
    const task = await create(on.store)

    await expect(archiveTask(on.store, task.id)).rejects.toMatchObject({
      errorName: 'validation_failed',
    })
    await cancelTask(on.store, task.id, 'ada')
    const archived = await archiveTask(on.store, task.id)
    on.clock.advance({ minutes: 1 })

    expect(archived.archived_at).toEqual(archived.updated_at)
    expect((await archiveTask(on.store, task.id)).archived_at).toEqual(archived.archived_at)
  })

  it('does not know a task that is not there', async () => {
    const missing = '00000000-0000-4000-8000-000000000000'

    await expect(archiveTask(on.store, missing)).rejects.toMatchObject({ errorName: 'not_found' })
    await expect(cancelTask(on.store, missing, 'ada')).rejects.toMatchObject({
      errorName: 'not_found',
    })
  })
})
