import {
  type HeldAutomationRun,
  isDisconnected,
  noteToldRun,
  postponeTelling,
  StaleAutomationRun,
  summaryOf,
} from '@errand/core'
import { ownCaller } from '../auth/own-caller.ts'
import type { ServerContext } from '../context.ts'
import { isPassing } from '../integrations/github/is-passing.ts'
import { asCode, markOf } from '../integrations/github/say.ts'
import { taskPageUrl } from '../present/urls.ts'

/** Longest text of an agent's that is shown in a comment. */
const longestShown = 8000
const longestPauseSeconds = 600
const mostFailures = 100

/**
 * Comments on the issue or the pull request that began a run how it ended, in Errand's own name. The comment has
 * a mark that nobody sees: told again, after a crash, it is there once.
 */
export async function tellRun(context: ServerContext, run: HeldAutomationRun): Promise<void> {
  const { store, log } = context
  const fields = { run_id: run.id, automation_id: run.automation_id }
  try {
    await tell(context, run)
    await noteToldRun(store, run)
  } catch (error) {
    if (error instanceof StaleAutomationRun || isDisconnected(error)) throw error
    if (!isPassing(error) || run.tell_failures >= mostFailures) {
      log.warn({ ...fields, err: error }, 'how a run ended cannot be told')
      return await noteToldRun(store, run)
    }
    const seconds = Math.min(2 ** Math.min(run.tell_failures, 20), longestPauseSeconds)
    log.warn({ ...fields, err: error, seconds }, 'how a run ended is told later')
    await postponeTelling(store, run, seconds)
  }
}

async function tell(context: ServerContext, run: HeldAutomationRun): Promise<void> {
  const { forge } = context
  const { automation, tell_number: number } = run
  const name = automation.repository_full_name
  const own = await ownCaller(context, name)
  const repository = own && (await forge.repositoryById(own, automation.repository_id))
  // There is nowhere to tell it.
  if (own === undefined || repository === undefined || number === null) return
  // A minute earlier: the forge's clock is another.
  const since = new Date(run.created_at.getTime() - 60_000).toISOString()
  const body = await composeBody(context, run, repository.full_name)
  await forge.reply(own, repository, number, { body, mark: markOf(`run ${run.id}`), since })
}

async function composeBody(
  { store, publicUrl }: ServerContext,
  run: HeldAutomationRun,
  fullName: string,
): Promise<string> {
  const { task_id: taskId, status, automation } = run
  const what = `The automation \`${automation.name.replaceAll('`', "'")}\``
  const task =
    taskId === null ? '' : ` ([the task](${taskPageUrl({ web: publicUrl() }, fullName, taskId)}))`
  if (status !== 'completed') {
    const how = status === 'refused' ? 'could not begin' : `has ${ends[status] ?? status}`
    const why = run.reason === null ? '' : `\n\n${asCode(run.reason, longestShown)}`
    return `${what} ${how}${task}.${why}`
  }
  const summary = taskId === null ? undefined : await summaryOf(store, taskId)
  const text = summary && `${summary.title}\n\n${summary.body}`.trim()
  return `${what} is done${task}.${text ? `\n\n${asCode(text, longestShown)}` : ''}`
}

const ends: Record<string, string> = { failed: 'failed', cancelled: 'been cancelled' }
