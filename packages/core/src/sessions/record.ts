import type { Artifact, NewEvent } from '@errand/contract'
import { appendEvents } from '../events/append-events.ts'
import { storableJson, storableText } from '../events/storable-json.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { fenced, type Lease } from './fence.ts'

/**
 * Appends what happened in the session. Texts are made storable and cut to size on the way.
 *
 * @throws StaleAttempt, as everything in this file that takes a lease.
 */
export async function recordEvents(store: Store, lease: Lease, events: NewEvent[]): Promise<void> {
  await fenced(store, lease, (tx, session) =>
    appendEvents(store, tx, { task_id: session.task_id, session_id: session.id }, events),
  )
}

/** Notes the agent's own session, so that it can be loaded again after a crash while it waits. */
export async function recordAgentSession(
  store: Store,
  lease: Lease,
  agentSessionId: string,
): Promise<void> {
  await fenced(store, lease, async (tx, session) => {
    await tx
      .updateTable('sessions')
      .set({ agent_session_id: storableText(agentSessionId) })
      .where('id', '=', session.id)
      .execute()
  })
}

/** Notes the branch the task works on, before it is pushed: every later session keeps to it. */
export async function setHeadRef(store: Store, lease: Lease, headRef: string): Promise<void> {
  await fenced(store, lease, async (tx, session) => {
    await tx
      .updateTable('sessions')
      .set({ head_ref: headRef, updated_at: now(store) })
      .where('id', '=', session.id)
      .execute()
    await tx
      .updateTable('tasks')
      .set({ head_ref: headRef, updated_at: now(store) })
      .where('id', '=', session.task_id)
      .execute()
  })
}

/** A task has one branch and at most one pull request: a second of a type replaces the first. */
export async function recordArtifact(
  store: Store,
  lease: Lease,
  artifact: Artifact,
): Promise<void> {
  await fenced(store, lease, (tx, session) => putArtifact(store, tx, session.task_id, artifact))
}

/** As `recordArtifact`, for a pull request opened by request after the session has ended. */
export async function recordTaskPull(
  store: Store,
  taskId: string,
  artifact: Artifact,
): Promise<void> {
  await transact(store, (tx) => putArtifact(store, tx, taskId, artifact))
}

async function putArtifact(
  store: Store,
  tx: Tx,
  taskId: string,
  artifact: Artifact,
): Promise<void> {
  const data = JSON.stringify(storableJson(artifact.data))
  await tx
    .insertInto('artifacts')
    .values({ task_id: taskId, type: artifact.type, data, created_at: now(store) })
    .onConflict((conflict) => conflict.columns(['task_id', 'type']).doUpdateSet({ data }))
    .execute()
  await tx
    .updateTable('tasks')
    .set({ updated_at: now(store) })
    .where('id', '=', taskId)
    .execute()
}
