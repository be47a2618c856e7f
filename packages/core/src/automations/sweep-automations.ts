import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** Longer than an event may be old to be taken: what is forgotten here cannot come back. */
const eventDays = 30
/** How long the history tells of a run that has no task. One with a task is kept as long as that. */
const runDays = 90
/** Deleted in one statement, so that none takes long. */
const atATime = 1000

/** Forgets events that are done with, and runs that were not made, of long ago. */
export async function sweepAutomations(store: Store): Promise<void> {
  const before = (days: number) => sql`${now(store)} - make_interval(days => ${days})`
  await inParts(
    store,
    () =>
      sql`
      delete from automation_events
      where id in (
        select id
        from automation_events
        where received_at < ${before(eventDays)}
          and closed_at is not null
        limit ${atATime}
      )
      returning id`,
  )
  await inParts(
    store,
    () =>
      sql`
      delete from automation_runs
      where id in (
        select id
        from automation_runs
        where ended_at < ${before(runDays)}
          and task_id is null
        limit ${atATime}
      )
      returning id`,
  )
}

async function inParts(store: Store, statement: () => ReturnType<typeof sql>): Promise<void> {
  for (;;) {
    const { rows } = await patiently(() => statement().execute(store.db))
    if (rows.length < atATime) return
  }
}
