import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Topic } from './changes.ts'
import { isDisconnected, sqlStateOf } from './connection-lost.ts'
import { type Store, topicsOf, type Tx } from './store.ts'

/** PostgreSQL rolled the transaction back by itself: serialization failure, deadlock. */
const rolledBackStates = new Set(['40001', '40P01'])

/** GitHub ends any request after ten seconds (behaviour.md 2.4): a caller is not kept longer. */
export const callerPatienceMs = 8000

/** A runner rather waits for a restart of PostgreSQL than gives its work up. */
export const runnerPatienceMs = 30_000

/**
 * Runs `work` in one transaction, exactly once as far as the store is concerned: again when
 * PostgreSQL rolled it back, or went away before the commit. When the connection is lost at the
 * commit itself, PostgreSQL is asked afterwards what became of the transaction. What `work` notifies
 * of is told when it is committed, and only then.
 *
 * `work` may run several times and must have no effect outside of its transaction.
 *
 * @throws ConnectionLost when the database stays away for longer than `patienceMs`.
 */
export async function transact<T>(
  store: Store,
  work: (tx: Tx) => Promise<T>,
  patienceMs = callerPatienceMs,
): Promise<T> {
  return await withPatience(patienceMs, async (giveUpAt) => {
    const run: TransactionRun<T> = { topics: new Set() }
    try {
      await store.db.transaction().execute((tx) => runWork(store, tx, work, run))
    } catch (error) {
      if (!isDisconnected(error) || run.done === undefined) throw error
      if (!(await wasCommitted(store, run.done.xid, giveUpAt))) throw error
    }
    store.changes.publish(run.topics)
    // Set where the transaction's callback has returned, and it has when it was committed.
    return run.done!.result
  })
}

interface TransactionRun<T> {
  topics: Set<Topic>
  /** Set when nothing but the commit is left. */
  done?: { result: T; xid: string | undefined }
}

async function runWork<T>(
  store: Store,
  tx: Tx,
  work: (tx: Tx) => Promise<T>,
  run: TransactionRun<T>,
): Promise<void> {
  topicsOf.set(tx, run.topics)
  const result = await work(tx)
  run.done = { result, xid: store.kind === 'postgres' ? await transactionId(tx) : undefined }
}

/** Undefined for a transaction that has written nothing. */
async function transactionId(tx: Tx): Promise<string | undefined> {
  const assigned = await sql<{ xid: string | null }>`
    select pg_current_xact_id_if_assigned()::text as xid`.execute(tx)
  return assigned.rows[0]?.xid ?? undefined
}

async function wasCommitted(
  store: Store,
  xid: string | undefined,
  giveUpAt: number,
): Promise<boolean> {
  // Nothing was written: there is nothing to lose.
  if (xid === undefined) return true
  const patienceMs = giveUpAt - performance.now()
  return await withPatience(patienceMs, async () => {
    for (;;) {
      const found = await sql<{ status: string | null }>`
        select pg_xact_status(${xid}::xid8) as status`.execute(store.db)
      const status = found.rows[0]?.status
      if (status !== 'in progress') return status === 'committed'
      // The server has not noticed yet that the connection is gone.
      await delay(50)
    }
  })
}

/**
 * Repeats reads, and writes that are the same when they happen twice, until the database is back.
 *
 * @throws ConnectionLost when it stays away for longer than `patienceMs`.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  patienceMs = callerPatienceMs,
): Promise<T> {
  return await withPatience(patienceMs, work)
}

async function withPatience<T>(
  patienceMs: number,
  work: (giveUpAt: number) => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    try {
      return await work(giveUpAt)
    } catch (error) {
      const mayRepeat = isDisconnected(error) || rolledBackStates.has(sqlStateOf(error) ?? '')
      if (!mayRepeat || performance.now() + pauseMs > giveUpAt) throw error
      await delay(pauseMs)
    }
  }
}
