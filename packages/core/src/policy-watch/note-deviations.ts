import { sql } from 'kysely'
import type { PolicyVersionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { findCause, type Since } from './find-cause.ts'
import type { WatchedRepository } from './watched-repositories.ts'

/** A deviation as a policy finds it: the same fingerprint is the same one. */
export interface FoundDeviation {
  fingerprint: string
  rule: string
  severity: string
  message: string
  /** Where in the configuration it stands, by names; an entry of a list by itself. Empty: anywhere. */
  place: readonly string[]
}

/** Any number: two servers that look at one repository come one after the other. */
const watchLock = 4_172_011

/**
 * Notes what deviates in a repository now: what is new begins, what is gone ends. Each with whose doing it
 * is, by `findCause`.
 */
export async function noteDeviations(
  store: Store,
  repository: WatchedRepository,
  found: readonly FoundDeviation[],
  policy: PolicyVersionRow,
): Promise<void> {
  await transact(store, async (tx) => {
    await sql`select pg_advisory_xact_lock(${watchLock}, ${repository.id % 2 ** 31}::integer)`.execute(
      tx,
    )
    const since = await takeChanges(store, tx, repository, policy)
    const open = await tx
      .selectFrom('policy_deviations')
      .select(['id', 'fingerprint', 'place'])
      .where('repository_id', '=', repository.id)
      .where('ended_at', 'is', null)
      .execute()
    const present = new Set(found.map(({ fingerprint }) => fingerprint))
    for (const { id, fingerprint, place } of open) {
      if (present.has(fingerprint)) continue
      const { cause, at, entry, login } = findCause(place, since)
      await tx
        .updateTable('policy_deviations')
        .set({ ended_at: at, ended_cause: cause, ended_entry: entry, ended_login: login })
        .where('id', '=', id)
        .execute()
    }
    const known = new Set(open.map(({ fingerprint }) => fingerprint))
    const fresh = found.filter(({ fingerprint }) => !known.has(fingerprint))
    if (fresh.length === 0) return
    await tx
      .insertInto('policy_deviations')
      .values(
        fresh.map(({ place, ...deviation }) => {
          const { cause, at, entry, login } = findCause(place, since)
          const { fingerprint, rule, severity, message } = deviation
          return {
            repository_id: repository.id,
            repository_full_name: repository.full_name,
            owner_id: repository.owner.id,
            fingerprint,
            rule,
            severity,
            message,
            place: JSON.stringify(place),
            since: at,
            since_cause: cause,
            since_entry: entry,
            since_login: login,
            ended_at: null,
            ended_cause: null,
            ended_entry: null,
            ended_login: null,
          }
        }),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
}

/** What was changed since the repository was last looked at, which is now. */
async function takeChanges(
  store: Store,
  tx: Tx,
  { id, owner }: WatchedRepository,
  policy: PolicyVersionRow,
): Promise<Since> {
  const checked = await tx
    .selectFrom('policy_checks')
    .select(['entry', 'policy'])
    .where('repository_id', '=', id)
    .executeTakeFirst()
  const changes = await tx
    .selectFrom('audit_log')
    .select(['number', 'timestamp', 'actor_login', 'data'])
    .where('number', '>', checked?.entry ?? 0)
    .where('action', 'like', '%.update\\_copilot\\_cloud\\_agent\\_configuration')
    .where((when) =>
      when.or([
        when('repository_id', '=', id),
        when.and([when('owner_id', '=', owner.id), when('repository_id', 'is', null)]),
      ]),
    )
    .orderBy('number', 'desc')
    .execute()
  const { rows } = await sql<{ time: Date }>`select ${now(store)} as time`.execute(tx)
  const look = { entry: changes[0]?.number ?? checked?.entry ?? 0, policy: policy.id }
  await tx
    .insertInto('policy_checks')
    .values({ repository_id: id, ...look })
    .onConflict((conflict) => conflict.column('repository_id').doUpdateSet(look))
    .execute()
  // A select without a table has one row.
  return { changes, policy, lastPolicy: checked?.policy, now: rows[0]!.time }
}
