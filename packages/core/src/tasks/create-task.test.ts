import { expect, it, vi } from 'vitest'
import { cancelTask } from './cancel-task.ts'
import { createTask } from './create-task.ts'
import { getTask } from './get-task.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { allEvents, aRepository, aTask, create, grace, lease } from '../testing/rows.ts'

describeOnEachStore('creating a task', (on) => {
  it('stores the task, its session and its first event', async () => {
    const { task, replayed } = await createTask(
      on.store,
      aTask({
        prompt: '# Rename `a` to `b`\n\nEverywhere.',
        custom_agent: 'reviewer',
        requested_model: 'auto',
        head_ref: 'fix-1',
        priority: 7,
        timeout_minutes: 5,
      }),
    )

    expect(replayed).toBe(false)
    expect(task).toMatchObject({
      name: 'Rename `a` to `b`',
      state: 'queued',
      session_count: 1,
      creator_id: 1,
      owner_id: 100,
      repository_id: 10,
      custom_agent: 'reviewer',
      requested_model: 'auto',
      archived_at: null,
      created_at: on.clock.now(),
      updated_at: on.clock.now(),
    })
    const detail = await getTask(on.store, task.id)
    expect(detail?.sessions).toEqual([
      expect.objectContaining({
        task_id: task.id,
        number: 1,
        state: 'queued',
        prompt: '# Rename `a` to `b`\n\nEverywhere.',
        head_ref: 'fix-1',
        attempt: 0,
        priority: 7,
        timeout_seconds: 300,
        queued_at: on.clock.now(),
        started_at: null,
      }),
    ])
    expect(await allEvents(on.store, task.id)).toEqual([
      expect.objectContaining({
        id: '1',
        type: 'session.created',
        session_id: detail?.sessions[0]?.id,
        data: { prompt: '# Rename `a` to `b`\n\nEverywhere.', model: 'script' },
      }),
    ])
  })

  it('stores texts that PostgreSQL would refuse', async () => {
    const prompt = 'nul \u0000 and half a pair \uD83D end'

    const task = await create(on.store, { prompt, custom_agent: 'a\u0000b' })

    const detail = await getTask(on.store, task.id)
    expect(detail?.sessions[0]?.prompt).toBe('nul \uFFFD and half a pair \uFFFD end')
    expect(detail?.custom_agent).toBe('a\uFFFDb')
  })

  it('keeps a long prompt whole', async () => {
    const prompt = `${'é'.repeat(200_000)}end`

    const task = await create(on.store, { prompt })

    expect((await getTask(on.store, task.id))?.sessions[0]?.prompt).toBe(prompt)
  })

  it('wakes who waits for the queue', async () => {
    // Whoever subscribes is called now and then, whatever happened: that would show nothing.
    const publish = vi.spyOn(on.store.changes, 'publish')

    await create(on.store)

    expect(publish.mock.calls.flatMap(([topics]) => [...topics])).toContain('queue')
    publish.mockRestore()
  })
})

describeOnEachStore('an idempotency key', (on) => {
  const idempotency = { key: 'k-1', body_hash: 'hash-1' }

  it('gives the same task again, as it is now', async () => {
    const first = await createTask(on.store, aTask({ idempotency }))
    await cancelTask(on.store, first.task.id, 'ada')

    const second = await createTask(on.store, aTask({ idempotency }))

    expect(second).toMatchObject({
      replayed: true,
      task: { id: first.task.id, state: 'cancelled' },
    })
  })

  it('gives one task to many creates at once', async () => {
    const created = await Promise.all(
      Array.from({ length: 12 }, () => createTask(on.store, aTask({ idempotency }))),
    )

    expect(new Set(created.map(({ task }) => task.id)).size).toBe(1)
    expect(created.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await lease(on.store)).toBeDefined()
    expect(await lease(on.store)).toBeUndefined()
  })

  it('is refused with another body, by a message that names the header', async () => {
    await createTask(on.store, aTask({ idempotency }))

    const other = createTask(on.store, aTask({ idempotency: { key: 'k-1', body_hash: 'hash-2' } }))

    await expect(other).rejects.toMatchObject({
      errorName: 'validation_failed',
      errors: [{ field: 'Idempotency-Key', code: 'custom' }],
    })
  })

  it('belongs to its creator and repository', async () => {
    const first = await createTask(on.store, aTask({ idempotency }))

    const byOther = await createTask(on.store, aTask({ idempotency, creator: grace }))
    const elsewhere = await createTask(
      on.store,
      aTask({ idempotency, repository: aRepository(11) }),
    )

    expect(new Set([first.task.id, byOther.task.id, elsewhere.task.id]).size).toBe(3)
  })

  it('is not needed: without one each create is a task', async () => {
    const [one, two] = [await create(on.store), await create(on.store)]

    expect(one.id).not.toBe(two.id)
  })
})
