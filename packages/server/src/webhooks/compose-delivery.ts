import { randomUUID } from 'node:crypto'
import { getTask, type WebhookDeliveryRow, type WebhookRow } from '@errand/core'
import type { ServerContext } from '../context.ts'
import { presentSession } from '../present/session.ts'
import { presentTask } from '../present/task.ts'

/**
 * What a webhook is told of a delivery: the task and the session as the API presents them, in the state
 * the delivery is of, which they may have left since. Undefined when the task is gone.
 */
export async function composePayload(
  { store, publicUrl }: ServerContext,
  delivery: WebhookDeliveryRow,
): Promise<object | undefined> {
  if (delivery.payload !== null) return delivery.payload
  const { task_id: taskId, session_id: sessionId, action } = delivery
  const task = taskId === null ? undefined : await getTask(store, taskId)
  const session = task?.sessions.find(({ id }) => id === sessionId)
  if (task === undefined || session === undefined) return undefined
  const fullName = task.repository_full_name
  const urls = { api: publicUrl(), web: publicUrl() }
  const owner = { login: task.owner_login, id: task.owner_id, type: task.owner_type }
  return {
    action,
    task: { ...presentTask(task, urls, fullName), state: action },
    session: { ...presentSession(session, task), state: action },
    repository: {
      id: task.repository_id,
      name: fullName.slice(fullName.indexOf('/') + 1),
      full_name: fullName,
      owner,
    },
    ...(owner.type === 'Organization'
      ? { organization: { login: owner.login, id: owner.id } }
      : {}),
    sender: { login: session.user_login, id: session.user_id, type: 'User' },
  }
}

/** GitHub's headers of a delivery, without the signatures. */
export function headersOf(hook: WebhookRow, delivery: WebhookDeliveryRow): Record<string, string> {
  return {
    Accept: '*/*',
    'Content-Type':
      hook.content_type === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
    'User-Agent': `Errand-Hookshot/${randomUUID().slice(0, 7)}`,
    'X-GitHub-Delivery': delivery.guid,
    'X-GitHub-Event': delivery.event,
    'X-GitHub-Hook-ID': String(hook.id),
    'X-GitHub-Hook-Installation-Target-ID': String(hook.target_id),
    'X-GitHub-Hook-Installation-Target-Type': hook.target_type,
  }
}

/** The body's bytes: JSON, or JSON as the form field `payload`. */
export function bodyOf(hook: Pick<WebhookRow, 'content_type'>, payload: object): string {
  const json = JSON.stringify(payload)
  return hook.content_type === 'json' ? json : new URLSearchParams({ payload: json }).toString()
}
