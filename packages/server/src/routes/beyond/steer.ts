import { type routes, scriptModelId } from '@errand/contract'
import * as core from '@errand/core'
import { credentialOf } from '../../auth/credential.ts'
import { requireTask } from '../../auth/repository.ts'
import { refusalOfAgents } from '../../configuration/resolve.ts'
import type { Handler } from '../../handler.ts'
import { resolveModel } from '../../models.ts'
import { requirePrompt } from '../../prompt.ts'

/**
 * `POST /agents/tasks/{task_id}/steer`: accepted in every state, never refused for being busy. What would begin another
 * session is refused where agents may not work any more.
 */
export const steerTask: Handler<typeof routes.steerTask> = async (context, call) => {
  const { task, repository } = await requireTask(context, call.caller, call.params.task_id, 'write')
  const { type, content = '', model, agent } = call.body
  if (type !== 'abort') requirePrompt('content', content, context.settings)
  const credential = type === 'abort' ? undefined : credentialOf(context, call.caller)
  const last = task.sessions.at(-1)
  const chosen =
    model === undefined && (agent === undefined || agent === last?.agent)
      ? undefined
      : await resolveModel(context, {
          // Another agent goes on with the last model, where there was one.
          requested: model ?? (last?.model === scriptModelId ? undefined : last?.model),
          agent,
          prompt: content,
          subject: { owner: repository.owner, repository, user: call.caller.user },
          maxMultiplier: task.max_multiplier ?? undefined,
        })
  const refusal =
    type === 'abort' ? undefined : await refusalOfAgents(context, call.caller, repository)
  const accepted = await core.steerTask(context.store, call.params.task_id, {
    type,
    content,
    ...(chosen === undefined ? {} : { model: chosen }),
    ...(agent === undefined ? {} : { agent }),
    by: { id: call.caller.user.id, login: call.caller.user.login },
    ...(credential === undefined ? {} : { credential }),
    ...(refusal === undefined ? {} : { refusal }),
  })
  return { status: 202, body: accepted }
}
