import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** How long an upstream that did not answer is passed by; the next failure begins it anew. */
const seconds = 60

/** Notes that an upstream did not answer, for all servers and runners of the store. */
export async function noteFailingUpstream(store: Store, name: string): Promise<void> {
  await sql`
    insert into failing_upstreams (name, until)
    values (${name}, ${now(store)} + make_interval(secs => ${seconds}))
    on conflict (name) do update
    set until = excluded.until`.execute(store.db)
}

/** Notes that it answers again. */
export async function noteAnsweringUpstream(store: Store, name: string): Promise<void> {
  await store.db.deleteFrom('failing_upstreams').where('name', '=', name).execute()
}

/** The upstreams to be passed by now. */
export async function failingUpstreams(store: Store): Promise<Set<string>> {
  const found = await patiently(() =>
    sql<{ name: string }>`
      select name from failing_upstreams where until > ${now(store)}`.execute(store.db),
  )
  return new Set(found.rows.map(({ name }) => name))
}
