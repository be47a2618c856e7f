import { sql } from 'kysely'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import type { WatchedRepository } from './watched-repositories.ts'

/** A deviation as a policy finds it: the same fingerprint is the same one. */
export interface FoundDeviation {
  fingerprint: string
  rule: string
  severity: string
  message: string
}

/** Any number: two servers that look at one repository come one after the other. */
const watchLock = 4_172_011

interface Cause {
  number: number
  timestamp: Date
  actor_login: string
}

/**
 * Notes what deviates in a repository now: what is new begins, what is gone ends. Who changed its
 * configuration last, or its organization's, since it was last looked at, is who brought it about; where
 * nobody did, the policy was changed.
 */
export async function noteDeviations(
  store: Store,
  repository: WatchedRepository,
  found: readonly FoundDeviation[],
): Promise<void> {
  await transact(store, async (tx) => {
    await sql`select pg_advisory_xact_lock(${watchLock}, ${repository.id % 2 ** 31}::integer)`.execute(
      tx,
    )
    const cause = await takeCause(tx, repository)
    const { rows } = await sql<{ time: Date }>`select ${now(store)} as time`.execute(tx)
    // A select without a table has one row.
    const at = cause?.timestamp ?? rows[0]!.time
    const open = await tx
      .selectFrom('policy_deviations')
      .select(['id', 'fingerprint'])
      .where('repository_id', '=', repository.id)
      .where('ended_at', 'is', null)
      .execute()
    const present = new Set(found.map(({ fingerprint }) => fingerprint))
    const gone = open.filter(({ fingerprint }) => !present.has(fingerprint)).map(({ id }) => id)
    if (gone.length > 0) {
      await tx
        .updateTable('policy_deviations')
        .set({
          ended_at: at,
          ended_entry: cause?.number ?? null,
          ended_login: cause?.actor_login ?? null,
        })
        .where('id', 'in', gone)
        .execute()
    }
    const known = new Set(open.map(({ fingerprint }) => fingerprint))
    const fresh = found.filter(({ fingerprint }) => !known.has(fingerprint))
    if (fresh.length === 0) return
    await tx
      .insertInto('policy_deviations')
      .values(
        fresh.map(({ fingerprint, rule, severity, message }) => ({
          repository_id: repository.id,
          repository_full_name: repository.full_name,
          owner_id: repository.owner.id,
          fingerprint,
          rule,
          severity,
          message,
          since: at,
          since_entry: cause?.number ?? null,
          since_login: cause?.actor_login ?? null,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
}

/** The latest change of what holds in a repository that was not looked at yet, if there is one. */
async function takeCause(tx: Tx, { id, owner }: WatchedRepository): Promise<Cause | undefined> {
  const checked = await tx
    .selectFrom('policy_checks')
    .select('entry')
    .where('repository_id', '=', id)
    .executeTakeFirst()
  const latest = await tx
    .selectFrom('audit_log')
    .select(['number', 'timestamp', 'actor_login'])
    .where('action', 'like', '%copilot%')
    .where((when) =>
      when.or([
        when('repository_id', '=', id),
        when.and([when('owner_id', '=', owner.id), when('repository_id', 'is', null)]),
      ]),
    )
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (latest === undefined || latest.number <= (checked?.entry ?? 0)) return undefined
  await tx
    .insertInto('policy_checks')
    .values({ repository_id: id, entry: latest.number })
    .onConflict((conflict) =>
      conflict.column('repository_id').doUpdateSet({ entry: latest.number }),
    )
    .execute()
  return latest
}
