import {
  type Caller,
  canWrite,
  type CreateTask,
  ErrandError,
  type RepositoryAccess,
} from '@errand/contract'
import {
  type AutomationRow,
  type HeldAutomationRun,
  noteRefusedRun,
  noteRequest,
  noteSkippedRun,
  noteStartedRun,
  postponeAutomationRun,
  type Skip,
} from '@errand/core'
import { requireAutomationsEnabled } from '../auth/automation.ts'
import type { ServerContext } from '../context.ts'
import { HeldBack } from '../held-back.ts'
import { taskPageUrl } from '../present/urls.ts'
import { startTask } from '../start-task.ts'
import { composeTask, NotMade } from './compose-task.ts'

/** Attempts, about two hours long, after which the forge's trouble is told as the run's failure. */
const mostAttempts = 20
const longestPauseSeconds = 600

/** The creator may not do any more what the automation does. */
class AccessLost extends Error {}

/**
 * Starts the task of a run that is due, in the creator's name and by what they may do now. What the task
 * is asked to be is stored first, and the run's id is its idempotency key: whoever dies in between is
 * carried on by another, who starts the same task or finds it.
 */
export async function beginAutomationRun(
  context: ServerContext,
  run: HeldAutomationRun,
): Promise<void> {
  const { store, log } = context
  const fields = { run_id: run.id, automation_id: run.automation_id }
  try {
    const caller = await creatorOf(context, run.automation)
    const repository = await repositoryOf(context, caller, run.automation)
    await requireAutomationsEnabled(context, caller, repository)
    const body = await requestOf(context, caller, repository, run)
    const name = { owner: repository.owner.login, repo: repository.name }
    const asked = { ...body, idempotency_key: `automation:${run.id}` }
    const { task } = await startTask(context, caller, name, asked)
    await noteStartedRun(store, run, task.id)
    log.info({ ...fields, task_id: task.id }, 'an automation started a task')
  } catch (error) {
    const skip = skipOf(error)
    if (skip !== undefined) {
      log.info({ ...fields, ...skip }, 'a run of an automation was skipped')
      return await noteSkippedRun(store, run, skip)
    }
    const refusal = refusalOf(error, run)
    if (refusal === undefined) throw error
    if ('seconds' in refusal) {
      log.warn({ ...fields, err: error, ...refusal }, 'a run of an automation is tried again later')
      return await postponeAutomationRun(store, run, refusal.seconds)
    }
    log.warn({ ...fields, err: error }, 'a run of an automation was refused')
    await noteRefusedRun(store, run, refusal)
  }
}

async function creatorOf(context: ServerContext, automation: AutomationRow): Promise<Caller> {
  const caller = await context.forge.actFor({ id: automation.creator_id })
  if (caller !== undefined) return caller
  throw new AccessLost(`The account of its creator, ${automation.creator_login}, is gone.`)
}

async function repositoryOf(
  context: ServerContext,
  caller: Caller,
  automation: AutomationRow,
): Promise<RepositoryAccess> {
  const repository = await context.forge.repositoryById(caller, automation.repository_id)
  if (repository !== undefined && canWrite(repository)) return repository
  const name = repository?.full_name ?? automation.repository_full_name
  throw new AccessLost(
    `Its creator, ${caller.user.login}, has no write access to ${name} any more.`,
  )
}

async function requestOf(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  run: HeldAutomationRun,
): Promise<CreateTask> {
  // Written below, by an earlier attempt.
  if (run.request !== null) return run.request as CreateTask
  const body = await composeTask(
    context,
    caller,
    repository,
    run.automation,
    located(context, repository, run),
  )
  await noteRequest(context.store, run, body)
  return body
}

/** What another automation began is about its task, whose page is this server's. */
function located(
  { publicUrl }: ServerContext,
  { full_name: name }: RepositoryAccess,
  run: HeldAutomationRun,
): HeldAutomationRun {
  if (run.event !== 'automation_run' || run.trigger === null) return run
  const url = taskPageUrl({ web: publicUrl() }, name, run.trigger.url)
  return { ...run, trigger: { ...run.trigger, url } }
}

/** Why a run is not made though nothing failed. */
function skipOf(error: unknown): Skip | undefined {
  if (error instanceof NotMade) return error.skip
  // It goes on by itself when that is over.
  if (error instanceof HeldBack) return { skip_reason: error.skipReason, reason: error.message }
  return undefined
}

/** What becomes of a run that could not be begun; undefined for what is no matter of the run. */
function refusalOf(
  error: unknown,
  run: HeldAutomationRun,
): { reason: string; pauses?: 'creator_lost_access' } | { seconds: number } | undefined {
  if (error instanceof AccessLost) return { reason: error.message, pauses: 'creator_lost_access' }
  if (!(error instanceof ErrandError)) return undefined
  const isPassing = error.status >= 500 || error.status === 401 || error.status === 429
  if (isPassing && run.attempt < mostAttempts) {
    return { seconds: Math.min(2 ** run.attempt, longestPauseSeconds) }
  }
  const fields = error.errors.map(({ message }) => message).filter(Boolean)
  return { reason: fields.length > 0 ? fields.join('; ') : error.message }
}
