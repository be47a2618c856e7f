import { type Artifact, ErrandError } from '@errand/contract'
import type { ArtifactRow, SessionRow, TaskRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

export interface TaskDetail extends TaskRow {
  /** Oldest first: clients take the last for the most recent (behaviour.md 1.4). */
  sessions: SessionRow[]
  artifacts: Artifact[]
}

/** A task with all of it; undefined when there is none. The id must be a UUID. */
export async function getTask(store: Store, id: string): Promise<TaskDetail | undefined> {
  return await patiently(() => readTask(store, id))
}

/** @throws ErrandError not_found */
export async function requireTask(store: Store, id: string): Promise<TaskDetail> {
  const task = await getTask(store, id)
  if (task === undefined) throw new ErrandError('not_found')
  return task
}

async function readTask(store: Store, id: string): Promise<TaskDetail | undefined> {
  const task = await store.db
    .selectFrom('tasks')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (task === undefined) return undefined
  const sessions = await store.db
    .selectFrom('sessions')
    .selectAll()
    .where('task_id', '=', id)
    .orderBy('number')
    .execute()
  return {
    ...task,
    // Something may have happened between the two reads: the sessions are the newer truth.
    state: sessions.at(-1)?.state ?? task.state,
    session_count: sessions.length,
    sessions,
    artifacts: (await artifactsOf(store, [id])).get(id) ?? [],
  }
}

/** The artifacts of several tasks, branch before pull. */
export async function artifactsOf(
  store: Store,
  taskIds: string[],
): Promise<Map<string, Artifact[]>> {
  const byTask = new Map<string, Artifact[]>()
  if (taskIds.length === 0) return byTask
  const rows = await store.db
    .selectFrom('artifacts')
    .selectAll()
    .where('task_id', 'in', taskIds)
    .orderBy('type')
    .execute()
  for (const row of rows) {
    byTask.set(row.task_id, [...(byTask.get(row.task_id) ?? []), presentArtifact(row)])
  }
  return byTask
}

function presentArtifact(row: ArtifactRow): Artifact {
  // `data` was written by recordArtifact from an Artifact of this very type.
  return { provider: 'github', type: row.type, data: row.data } as Artifact
}
