import type { Artifact } from '@errand/contract'
import type { PortalRunTaskRow, TaskRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { artifactsOf } from '../tasks/get-task.ts'

export interface RunTask extends TaskRow {
  /** The number of its last event. */
  event_count: number
  artifacts: Artifact[]
}

/** The tasks that were started for a run as they are now, by id. */
export async function tasksOfRun(
  store: Store,
  parts: PortalRunTaskRow[],
): Promise<Map<string, RunTask>> {
  const ids = parts.map((part) => part.task_id).filter((id) => id !== null)
  if (ids.length === 0) return new Map()
  return await patiently(async () => {
    const rows = await store.db.selectFrom('tasks').selectAll().where('id', 'in', ids).execute()
    const artifacts = await artifactsOf(store, ids)
    return new Map(
      rows.map((row) => [row.id, { ...row, artifacts: artifacts.get(row.id) ?? [] }] as const),
    )
  })
}
