import { endStates } from '@errand/contract'
import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/**
 * Whether a task of an automation has opened a pull request.
 *
 * @param only The automation. Default: any
 */
export async function wasOpenedByAutomation(
  store: Store,
  pull: { repository_id: number; number: number },
  only?: string,
): Promise<boolean> {
  const found = await patiently(() =>
    sql`
      select 1
      from artifacts
      join tasks on tasks.id = artifacts.task_id
      join automation_runs as run on run.task_id = tasks.id
      where artifacts.type = 'pull'
        and artifacts.data ->> 'number' = ${String(pull.number)}::text
        and tasks.repository_id = ${pull.repository_id}
        and ${only === undefined ? sql`true` : sql`run.automation_id = ${only}`}
      limit 1`.execute(store.db),
  )
  return found.rows.length > 0
}

/**
 * Whether a task of an automation has moved a branch to this commit, or may have: its work on the branch has not
 * ended.
 */
export async function wasMovedByAutomation(
  store: Store,
  branch: { repository_id: number; head: string; head_sha: string },
): Promise<boolean> {
  const found = await patiently(() =>
    sql`
      select 1
      from tasks
      join automation_runs as run on run.task_id = tasks.id
      where tasks.repository_id = ${branch.repository_id}
        and tasks.head_ref = ${branch.head}
        and (
          tasks.state not in (${sql.join([...endStates])})
          or exists (
            select 1
            from events
            where events.task_id = tasks.id
              and events.type = 'artifact.branch'
              and events.data ->> 'commit' = ${branch.head_sha}::text
          )
        )
      limit 1`.execute(store.db),
  )
  return found.rows.length > 0
}
