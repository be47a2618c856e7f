import type { Settings } from '@errand/contract'
import { sql } from 'kysely'
import { answerQuestion, openQuestion } from '../sessions/questions.ts'
import type { SessionRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { monthOf, readAccounts } from './accounts.ts'
import { budgetsFor, subjectOf } from './budgets.ts'

/**
 * Lets sessions go on that wait for a budget, where all their budgets have room again: raised, or in a
 * new month. Safe to run in several processes at once. Returns how many go on.
 *
 * @param taskId Only this task's. Default: all.
 */
export async function resumePaused(
  store: Store,
  settings: Pick<Settings, 'budgets'>,
  taskId?: string,
): Promise<number> {
  const waiting = await patiently(() =>
    store.db
      .selectFrom('questions')
      .innerJoin('sessions', 'sessions.id', 'questions.session_id')
      .select('sessions.id')
      .where('questions.answered_at', 'is', null)
      .where('questions.account_id', 'is not', null)
      .where('sessions.state', '=', 'waiting_for_user')
      .$if(taskId !== undefined, (query) => query.where('sessions.task_id', '=', taskId ?? ''))
      .orderBy('sessions.position')
      .limit(1000)
      .execute(),
  )
  let resumed = 0
  for (const { id } of waiting) {
    if (await transact(store, (tx) => resumeIfAllowed(store, tx, settings, id))) resumed += 1
  }
  return resumed
}

async function resumeIfAllowed(
  store: Store,
  tx: Tx,
  settings: Pick<Settings, 'budgets'>,
  sessionId: string,
): Promise<boolean> {
  const locked = await sql<SessionRow>`
    select * from sessions
    where id = ${sessionId} and state = 'waiting_for_user'
    for update skip locked`.execute(tx)
  const session = locked.rows[0]
  const question = session && (await openQuestion(tx, session.id))
  if (session === undefined || question === undefined || question.account_id === null) return false
  const task = await tx
    .selectFrom('tasks')
    .selectAll()
    .where('id', '=', session.task_id)
    .executeTakeFirstOrThrow()
  const budgets = budgetsFor(settings, subjectOf(task, session), monthOf(store)).filter(
    ({ prevents }) => prevents,
  )
  const accounts = await readAccounts(
    tx,
    budgets.map(({ account_id: id }) => id),
  )
  const isUsedUp = budgets.some(({ account_id: id, limit_nano: limit }) => {
    const account = accounts.get(id)
    return account !== undefined && account.spent_nano + account.reserved_nano >= limit
  })
  if (isUsedUp) return false
  await answerQuestion(store, tx, session, question.id, 'The budget has room again: go on.')
  return true
}
