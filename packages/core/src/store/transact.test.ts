import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CuttingProxy, proxyPostgres } from '../testing/cut-connections.ts'
import { ConnectionLost, isDisconnected } from './connection-lost.ts'
import { openStore } from './open.ts'
import { describeOnEachStore, type TestDatabase, testStores } from '../testing/stores.ts'
import { createTask } from '../tasks/create-task.ts'
import { listTasks } from '../tasks/list-tasks.ts'
import { endSession } from '../sessions/end.ts'
import { askUser } from '../sessions/questions.ts'
import { recordEvents } from '../sessions/record.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { takeMessages } from '../sessions/messages.ts'
import type { Store } from './store.ts'
import { ada, allEvents, aTask, create, createLeased, mustLease } from '../testing/rows.ts'
import { patiently, transact } from './transact.ts'

const everything = {
  is_archived: false,
  sort: 'created_at',
  direction: 'asc',
  page: 1,
  per_page: 100,
} as const

describeOnEachStore('a transaction', (on) => {
  it('leaves nothing behind when it fails, and is not repeated', async () => {
    const task = await create(on.store)
    let runs = 0

    const failing = transact(on.store, async (tx) => {
      runs += 1
      await sql`update tasks set name = 'changed' where id = ${task.id}`.execute(tx)
      await sql`select 1 / 0`.execute(tx)
    })

    await expect(failing).rejects.toMatchObject({ code: '22012' })
    expect(runs).toBe(1)
    const { tasks } = await listTasks(on.store, everything)
    expect(tasks[0]?.name).toBe('Tidy up the imports')
  })

  it('is repeated when the database rolled it back for its own reasons', async () => {
    let runs = 0

    const result = await transact(on.store, async (tx) => {
      runs += 1
      if (runs === 1) {
        // What PostgreSQL says when two transactions wait for each other.
        await sql`do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$`.execute(
          tx,
        )
      }
      return runs
    })

    expect(result).toBe(2)
  })
})

const postgres = testStores.find((kind) => kind.name.startsWith('postgres'))

describe.skipIf(postgres?.isMissing)(`a lost connection to ${postgres?.name}`, () => {
  let database: TestDatabase
  let proxy: CuttingProxy
  let store: Store
  let direct: Store
  beforeAll(async () => {
    database = await postgres!.create()
    proxy = await proxyPostgres(database.options.databaseUrl!)
    store = await openStore({ databaseUrl: proxy.url })
    direct = await openStore(database.options)
  })
  afterAll(async () => {
    await store.close()
    await direct.close()
    await proxy.close()
    await database.drop()
  })

  it.each(['before', 'after'] as const)(
    'at the commit, %s the server hears of it, happens once',
    async (when) => {
      const { task, lease } = await createLeased(direct)
      const cutsBefore = proxy.cuts()
      proxy.cutNextCommit(when)

      await recordEvents(store, lease, [{ type: 'assistant.message', data: { content: 'once' } }])

      expect(proxy.cuts()).toBe(cutsBefore + 1)
      const events = await allEvents(direct, task.id)
      expect(events.filter((event) => event.data['content'] === 'once')).toHaveLength(1)
    },
  )

  it('at the commit of what tells something back tells it all the same', async () => {
    const { task, lease } = await createLeased(direct)
    proxy.cutNextCommit('after')
    const accepted = await steerTask(store, task.id, {
      type: 'user_message',
      content: 'hello',
      by: ada,
    })

    proxy.cutNextCommit('after')
    expect(await takeMessages(store, lease)).toEqual([
      { message_id: accepted.message_id, content: 'hello' },
    ])

    proxy.cutNextCommit('after')
    const { question_id } = await askUser(store, lease, { message: 'Which?' })
    const asked = (await allEvents(direct, task.id)).filter(
      (event) => event.type === 'elicitation.requested',
    )
    expect(asked.map((event) => event.data['question_id'])).toEqual([question_id])

    proxy.cutNextCommit('after')
    await endSession(store, lease, { state: 'failed', error: { message: 'The agent crashed.' } })
  })

  it('at the commit of a lease does not lose the session', async () => {
    const task = await create(direct)
    proxy.cutNextCommit('after')

    const lease = await mustLease(store)

    expect(lease).toMatchObject({ attempt: 1, task: { id: task.id } })
    await endSession(direct, lease, { state: 'completed' })
  })

  it('again and again, while tasks are created, makes each task once', async () => {
    const before = (await listTasks(direct, everything)).tasks.length
    const stop = new AbortController()
    const ids: string[] = []
    const cutting = cutSeveralTimes(() => ids.length > 20).finally(() => stop.abort())

    async function createUntilTheEnd(): Promise<void> {
      while (!stop.signal.aborted) ids.push((await createTask(store, aTask())).task.id)
    }
    await Promise.all([cutting, ...Array.from({ length: 8 }, createUntilTheEnd)])

    const { tasks } = await listTasks(direct, { ...everything, per_page: 100_000 })
    expect(ids.length).toBeGreaterThan(20)
    expect(
      tasks
        .slice(before)
        .map((task) => task.id)
        .sort(),
    ).toEqual(ids.sort())
  })

  async function cutSeveralTimes(isEnough: () => boolean): Promise<void> {
    for (let round = 0; round < 6 || !isEnough(); round += 1) {
      // Longer each time: on a busy machine something has to come to its end in between.
      await delay(60 + 20 * round)
      proxy.setAway(true)
      await delay(40)
      proxy.setAway(false)
    }
  }

  it('for longer than anybody is patient is an error that says so', async () => {
    proxy.setAway(true)

    const read = patiently(() => store.db.selectFrom('tasks').select('id').execute(), 200)

    const failed = await read.catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(ConnectionLost)
    expect(isDisconnected(failed)).toBe(true)
    proxy.setAway(false)
    await patiently(() => store.db.selectFrom('tasks').select('id').execute())
  })
})
