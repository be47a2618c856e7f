import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import type { Call, Handler } from '../../handler.ts'

/** Comments keep proxies from closing a quiet stream. */
const keepAliveMs = 15_000

/**
 * `GET /agents/tasks/{task_id}/events`: pages of JSON, or server-sent events where the client asks
 * for `text/event-stream`, from `Last-Event-ID` on (behaviour.md 1.6).
 */
export const listEvents: Handler<typeof routes.listEvents> = async (context, call) => {
  const { task } = await requireTask(context, call.caller, call.params.task_id, 'read')
  if (call.headers.accept?.includes('text/event-stream') === true) {
    await streamEvents(context, call, task.id)
    return undefined
  }
  return { status: 200, body: await core.listEvents(context.store, task.id, call.query) }
}

async function streamEvents(
  context: ServerContext,
  call: Call<typeof routes.listEvents>,
  taskId: string,
): Promise<void> {
  const response = call.takeOver()
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  const keepAlive = setInterval(() => response.write(': keep-alive\n\n'), keepAliveMs)
  try {
    const after = lastEventId(call) ?? 0
    for await (const event of core.followEvents(context.store, taskId, {
      after,
      signal: call.signal,
    })) {
      const text = `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
      // A reader slower than the log waits for its own buffer, not ours.
      if (!response.write(text)) await drained(response, call.signal)
    }
  } catch (error) {
    call.log.error({ err: error, taskId }, 'event stream ended early')
  } finally {
    clearInterval(keepAlive)
    response.end()
  }
}

function lastEventId(call: Call<typeof routes.listEvents>): number | undefined {
  const header = Number(call.headers['last-event-id'])
  return Number.isSafeInteger(header) && header > 0 ? header : call.query.after
}

async function drained(response: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
