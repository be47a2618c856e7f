import { isEndState } from '@errand/contract'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** How many of the latest tasks are looked at. */
const mostLookedAt = 100

/** What the tasks of a repository that have not ended are at, the latest first. */
export async function listOpenPrompts(
  store: Store,
  repositoryId: number,
): Promise<{ task_id: string; prompt: string }[]> {
  const rows = await patiently(() =>
    store.db
      .selectFrom('tasks')
      .innerJoin('sessions', (join) =>
        join
          .onRef('sessions.task_id', '=', 'tasks.id')
          .onRef('sessions.number', '=', 'tasks.session_count'),
      )
      .select(['tasks.id as task_id', 'tasks.state', 'sessions.prompt'])
      .where('tasks.repository_id', '=', repositoryId)
      .orderBy('tasks.position', 'desc')
      .limit(mostLookedAt)
      .execute(),
  )
  return rows.filter(({ state }) => !isEndState(state))
}
