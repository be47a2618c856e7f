import type { Session } from '@errand/contract'
import type { SessionRow, TaskRow } from '@errand/core'

/** A session as the wire has it. Its prompt is verbatim: clients search it (behaviour.md 1.4). */
export function presentSession(row: SessionRow, task: TaskRow): Session {
  return {
    id: row.id,
    name: task.name,
    user: { id: row.user_id },
    owner: { id: row.owner_id },
    repository: { id: row.repository_id },
    task_id: row.task_id,
    state: row.state,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    ...(row.completed_at === null ? {} : { completed_at: row.completed_at.toISOString() }),
    prompt: row.prompt,
    ...(row.head_ref === null ? {} : { head_ref: row.head_ref }),
    base_ref: row.base_ref,
    model: row.model,
    agent: row.agent,
    usage: { type: 'ai_credits', amount: row.usage_nano },
    ...(row.error === null ? {} : { error: row.error }),
  }
}
