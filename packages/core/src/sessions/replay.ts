import { sql } from 'kysely'
import type { Tx } from '../store/store.ts'
import type { ReplayEntry } from './fence.ts'

/**
 * What was asked, answered and said in a session's earlier attempts, in the order it happened.
 * Messages no attempt has taken yet are left out: they are still to be taken.
 */
export async function replayOf(tx: Tx, sessionId: string): Promise<ReplayEntry[]> {
  const entries = await sql<ReplayEntry>`
    select role, content
    from (
      select number, 0 as place, 'question' as role, message as content
      from questions
      where session_id = ${sessionId} and answered_at is not null
      union all
      select number, 1 as place, 'answer' as role, answer as content
      from questions
      where session_id = ${sessionId} and answered_at is not null
      union all
      select number, 0 as place, 'message' as role, content
      from messages
      where session_id = ${sessionId} and taken_by_attempt is not null
    ) as said
    order by number, place`.execute(tx)
  return entries.rows
}
