import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/**
 * The task whose pull request this is: the latest, where several worked on its branch. By the repository's
 * id, not its name: another repository has the same numbers.
 */
export async function taskOfPull(
  store: Store,
  pull: { repository_id: number; pull_number: number },
): Promise<{ id: string; head_ref: string | null } | undefined> {
  const found = await patiently(() =>
    sql<{ id: string; head_ref: string | null }>`
      select tasks.id, tasks.head_ref
      from artifacts
      join tasks on tasks.id = artifacts.task_id
      where artifacts.type = 'pull'
        and artifacts.data ->> 'number' = ${String(pull.pull_number)}::text
        and tasks.repository_id = ${pull.repository_id}
      order by tasks.position desc
      limit 1`.execute(store.db),
  )
  return found.rows[0]
}

/** The question that a waiting task asks, if it asks one. */
export async function openQuestionOf(
  store: Store,
  taskId: string,
): Promise<{ id: string; message: string } | undefined> {
  const found = await patiently(() =>
    sql<{ id: string; message: string }>`
      select questions.id, questions.message
      from questions
      join sessions on sessions.id = questions.session_id
      where sessions.task_id = ${taskId}
        and sessions.state = 'waiting_for_user'
        and questions.answered_at is null
      limit 1`.execute(store.db),
  )
  return found.rows[0]
}
