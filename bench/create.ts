import { randomUUID } from 'node:crypto'
import { createClient } from '@errand/contract'
import type { Store } from '@errand/core'
import { type Errand, startErrand } from '../test/support/start-errand.ts'
import { scriptPrompt } from '../test/support/tasks.ts'
import { formatRatio, type Section } from './report.ts'
import { measureInTurns } from './rounds.ts'
import { postgresNote, stores } from './stores.ts'

const perRound = 300
const atOnce = 8

/** What the API, its rights and checks cost over writing down the same rows. */
export async function measureCreate(): Promise<Section> {
  const rows: string[][] = []
  for (const kind of stores) {
    await using database = await kind.open()
    await using errand = await startErrand({
      settings: { runner: { enabled: false }, rate_limits: { per_hour: 0, created_per_minute: 0 } },
      ...(database === undefined ? { isOnPglite: true } : { databaseUrl: database.url }),
    })
    await errand.addRepository('acme/sums')
    const create = await prepareCreate(errand)
    const insert = await prepareInsert(errand.store)
    const [plain, created] = (await measureInTurns(5, [
      () => manyTimes(insert),
      () => manyTimes(create),
    ])) as [number, number]
    const perSecond = (ms: number): string => `${Math.round((perRound * 1000) / ms)} /s`
    rows.push([
      `${kind.name}: plain INSERTs, one transaction a task`,
      perSecond(plain),
      formatRatio(1),
    ])
    rows.push([
      `${kind.name}: \`POST .../tasks\`, 201`,
      perSecond(created),
      formatRatio(plain / created),
    ])
  }
  return {
    name: 'create',
    title: 'Creating tasks',
    text: `Tasks answered with 201 by the HTTP API, each with the caller's rights and the branch looked up, against plain INSERTs of the same rows (task, session, first event) in the same store. ${atOnce} at once; client and server share the machine. Medians of 5 rounds of ${perRound}, in turns. ${postgresNote}`,
    header: ['what', 'throughput', 'of the plain INSERTs'],
    rows,
  }
}

async function prepareCreate(errand: Errand): Promise<() => Promise<unknown>> {
  const client = createClient({ baseUrl: errand.url, token: errand.token })
  const params = { owner: 'acme', repo: 'sums' }
  const body = { prompt: scriptPrompt('true'), model: 'script', base_ref: 'main' }
  const create = (): Promise<unknown> => client.call('createTask', { params, body })
  await create()
  return create
}

/** Copies of the rows that a create wrote, under new ids. */
async function prepareInsert({ db }: Store): Promise<() => Promise<unknown>> {
  const task = await db.selectFrom('tasks').selectAll().executeTakeFirstOrThrow()
  const session = await db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  const event = await db.selectFrom('events').selectAll().executeTakeFirstOrThrow()
  const data = JSON.stringify(event.data)
  return () => {
    const ids = { task_id: randomUUID(), session_id: randomUUID() }
    return db.transaction().execute(async (tx) => {
      await tx
        .insertInto('tasks')
        .values({ ...task, id: ids.task_id })
        .execute()
      // Types keep everybody but core from writing a state; this is the very row core wrote.
      await tx
        .insertInto('sessions')
        .values({ ...session, id: ids.session_id, task_id: ids.task_id } as never)
        .execute()
      await tx
        .insertInto('events')
        .values({ ...event, ...ids, data })
        .execute()
    })
  }
}

async function manyTimes(work: () => Promise<unknown>): Promise<void> {
  let left = perRound
  const workers = Array.from({ length: atOnce }, async () => {
    while (left > 0) {
      left -= 1
      await work()
    }
  })
  await Promise.all(workers)
}
