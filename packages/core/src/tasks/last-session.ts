import type { SessionRow } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/**
 * The most recent session of a task, locked. Whoever changes a task locks this row first, so that
 * two follow-ups sent at once come one after the other. Undefined when there is no such task.
 */
export async function lockLastSession(tx: Tx, taskId: string): Promise<SessionRow | undefined> {
  for (;;) {
    const session = await tx
      .selectFrom('sessions')
      .selectAll()
      .where('task_id', '=', taskId)
      .orderBy('number', 'desc')
      .limit(1)
      .forUpdate()
      .executeTakeFirst()
    if (session === undefined) return undefined
    // While waiting for the lock, another may have added a session.
    const newest = await tx
      .selectFrom('tasks')
      .select('session_count')
      .where('id', '=', taskId)
      .executeTakeFirstOrThrow()
    if (newest.session_count === session.number) return session
  }
}
