import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import { eventFrame } from '../../event-stream.ts'
import type { Handler } from '../../handler.ts'

/**
 * `GET /agents/tasks/{task_id}/events`: pages of JSON, or server-sent events where the client asks
 * for `text/event-stream`, from `Last-Event-ID` on (behaviour.md 1.6).
 */
export const listEvents: Handler<typeof routes.listEvents> = async (context, call) => {
  const { task } = await requireTask(context, call.caller, call.params.task_id, 'read')
  if (!call.wantsStream) {
    return { status: 200, body: await core.listEvents(context.store, task.id, call.query) }
  }
  const after = lastEventId(call.headers['last-event-id']) ?? call.query.after ?? 0
  return { stream: (signal) => followTask(context, task.id, after, signal) }
}

async function* followTask(
  context: ServerContext,
  taskId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for await (const event of core.followEvents(context.store, taskId, { after, signal })) {
    yield eventFrame(event.id, event.type, event)
  }
}

/** What a browser sends after a break. One that is no id of ours counts as none. */
export function lastEventId(header: string | string[] | undefined): number | undefined {
  const id = Number(header)
  return Number.isSafeInteger(id) && id > 0 ? id : undefined
}
