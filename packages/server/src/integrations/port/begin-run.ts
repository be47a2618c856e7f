import { type Caller, ErrandError } from '@errand/contract'
import { answerForRun, type HeldRun, noteStarted, noteTask } from '@errand/core'
import { credentialOf } from '../../auth/credential.ts'
import { requireTask } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import { requirePrompt } from '../../prompt.ts'
import { callerOf } from '../secrets.ts'
import { startByName } from '../start-by-name.ts'
import type { PortAccess } from './reporter.ts'
import type { PortRequest } from './request.ts'

/**
 * Does what the run asks for, as far as it is not done yet. A task is started under the run's id as
 * its idempotency key, so that dying in between starts none twice; what is refused is kept as the
 * reason, for the report.
 */
export async function beginRun(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  signal: AbortSignal,
): Promise<void> {
  if (run.started_at !== null) return
  // Written by acceptRun from such a request.
  const request = run.request as PortRequest
  const caller = await callerOf(context, access.token)
  if (request.action === 'answer_agent_task') return await giveAnswer(context, caller, run, request)
  const asked = taskOf(run, request)
  for (const part of run.tasks) {
    if (part.task_id !== null || part.error !== null) continue
    signal.throwIfAborted()
    const outcome = await unlessRefused(async () => {
      const { task } = await startByName(context, caller, part.target, asked)
      return { task_id: task.id }
    })
    await noteTask(context.store, run, part.place, outcome)
    Object.assign(part, outcome)
  }
  await noteStarted(context.store, run)
}

function taskOf(run: HeldRun, request: Extract<PortRequest, { action: 'start_agent_task' }>) {
  const { prompt, model, agent, custom_agent, base_ref, create_pull_request } = request
  return {
    prompt,
    create_pull_request,
    idempotency_key: `port:${run.run_id}`,
    ...(model === undefined ? {} : { model }),
    ...(agent === undefined ? {} : { agent }),
    ...(custom_agent === undefined ? {} : { custom_agent }),
    ...(base_ref === undefined ? {} : { base_ref }),
  }
}

async function giveAnswer(
  context: ServerContext,
  caller: Caller,
  run: HeldRun,
  { task_id, answer }: Extract<PortRequest, { action: 'answer_agent_task' }>,
): Promise<void> {
  const outcome = await unlessRefused(async () => {
    await requireTask(context, caller, task_id, 'write')
    requirePrompt('answer', answer, context.settings)
    const by = { id: caller.user.id, login: caller.user.login }
    const credential = credentialOf(context, caller)
    return await answerForRun(context.store, run, task_id, {
      content: answer,
      by,
      ...(credential === undefined ? {} : { credential }),
    })
  })
  if (!('error' in outcome)) return
  await noteTask(context.store, run, 0, outcome)
  await noteStarted(context.store, run)
  Object.assign(run.tasks[0] ?? {}, outcome)
}

/**
 * What is the asker's to put right is told; what is not, like a token of ours that GitHub no longer
 * takes, is tried again.
 */
async function unlessRefused<T extends object>(
  work: () => Promise<T>,
): Promise<T | { error: string }> {
  try {
    return await work()
  } catch (error) {
    const isAskers = error instanceof ErrandError && error.status < 500
    if (!isAskers || [401, 429].includes(error.status)) throw error
    const fields = error.errors.map(({ message }) => message).filter(Boolean)
    return { error: fields.length > 0 ? fields.join('; ') : error.message }
  }
}
