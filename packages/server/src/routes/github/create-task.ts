import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { readIdempotencyKey } from '../../conventions/idempotency-key.ts'
import type { Handler } from '../../handler.ts'
import { presentTask } from '../../present/task.ts'
import { startTask } from '../../start-task.ts'

/** `POST /agents/repos/{owner}/{repo}/tasks` (behaviour.md 1.2): only enqueues. */
export const createTask: Handler<typeof routes.createTask> = async (context, call) => {
  const key = readIdempotencyKey(call.headers['idempotency-key'])
  const { task, replayed, repository } = await startTask(context, call.caller, call.params, {
    ...call.body,
    ...(key === undefined ? {} : { idempotency_key: key }),
  })
  const detail = replayed ? await core.getTask(context.store, task.id) : undefined
  return {
    status: 201,
    body: presentTask(
      { ...task, artifacts: detail?.artifacts ?? [] },
      call.urls,
      repository.full_name,
    ),
    headers: replayed ? { 'idempotent-replay': 'true' } : {},
  }
}
