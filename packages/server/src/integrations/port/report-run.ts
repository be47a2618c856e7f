import { isEndState } from '@errand/contract'
import {
  type HeldRun,
  listEvents,
  noteReported,
  noteTold,
  type PortalRunTaskRow,
  type RunTask,
  tasksOfRun,
} from '@errand/core'
import type { ServerContext } from '../../context.ts'
import { type PortClient, PortError, type RunDetails } from './client.ts'
import type { PortAccess } from './reporter.ts'
import type { PortRequest } from './request.ts'
import { lineOf } from './log-lines.ts'
import { detailsOf, detailsOfAnswer, pageOf, type PartOfRun } from './run-details.ts'

/** Longest log entry, in characters. Port takes a request of 1 MiB. */
const entryLimit = 60_000

/** Most events of one task told in one pass: what is left comes with the next. */
const eventsAtATime = 200

/**
 * Tells Port what it has not been told yet: log lines, links, and at the end the status. A position is
 * stored when Port has taken what is before it, so after a crash the last entry may come twice, and
 * none is missing. Returns true when Port has been told the end.
 */
export async function reportRun(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  signal: AbortSignal,
): Promise<boolean> {
  // Written by acceptRun from such a request.
  const request = run.request as PortRequest
  if (request.action === 'answer_agent_task') {
    await update(context, access, run, await detailsOfAnswer(context, run, request.task_id), signal)
    return true
  }
  const tasks = await tasksOfRun(context.store, run.tasks)
  const parts = run.tasks.map((part) => ({ part, task: tasks.get(part.task_id ?? '') }))
  const isAllTold = await reportEvents(context, access, run, parts, signal)
  const isOver = isAllTold && parts.every(({ part, task }) => part.error !== null || isEnded(task))
  const details = await detailsOf(context, parts, isOver)
  const told = JSON.stringify(details)
  if (told !== run.told) {
    await update(context, access, run, details, signal)
    // With a status Port has closed the run, and so do we next.
    if (!isOver) await noteTold(context.store, run, told)
  }
  return isOver
}

async function update(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  details: RunDetails,
  signal: AbortSignal,
): Promise<void> {
  const { status } = details
  const taken = await isTaken(context, access, run, signal, (client) =>
    client.updateRun(run.run_id, details, signal),
  )
  // Whatever it is that Port does not like of the rest: how it ended is told.
  if (!taken && status !== undefined) {
    await access.client.updateRun(run.run_id, { status }, signal)
  }
}

/**
 * False where Port refused what it was told, and would again: one entry of a log must not keep the rest.
 *
 * @throws PortError, `isGone` where the run itself was ended in Port.
 */
async function isTaken(
  context: ServerContext,
  { client }: PortAccess,
  run: HeldRun,
  signal: AbortSignal,
  tell: (client: PortClient) => Promise<void>,
): Promise<boolean> {
  try {
    await tell(client)
    return true
  } catch (cause) {
    if (!(cause instanceof PortError) || !cause.isRefusal) throw cause
    if (!(await client.isOpen(run.run_id, signal))) {
      throw new PortError('the run has ended in Port', { status: 410, cause })
    }
    context.log.warn({ err: cause, run_id: run.run_id }, 'Port refused a part of a report')
    return false
  }
}

/** False while there are more events than one pass tells. */
async function reportEvents(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  parts: PartOfRun[],
  signal: AbortSignal,
): Promise<boolean> {
  let entry = ''
  let positions: { place: number; event: number }[] = []
  let isAllTold = true

  async function send(): Promise<void> {
    const message = entry.trimEnd()
    if (message !== '') {
      await isTaken(context, access, run, signal, (client) =>
        client.addLog(run.run_id, message, signal),
      )
    }
    if (positions.length > 0) await noteReported(context.store, run, positions)
    entry = ''
    positions = []
  }

  for (const { part, task } of parts) {
    const { lines, event } = await newsOf(context, part, task)
    if (event === part.reported_event) continue
    if (task !== undefined && event < task.event_count) isAllTold = false
    const prefix = parts.length > 1 ? `${part.target}: ` : ''
    for (const line of lines) {
      if (entry.length + line.length > entryLimit) await send()
      entry += `${prefix}${line}\n`
    }
    positions.push({ place: part.place, event })
  }
  await send()
  return isAllTold
}

async function newsOf(
  context: ServerContext,
  part: PortalRunTaskRow,
  task: RunTask | undefined,
): Promise<{ lines: string[]; event: number }> {
  // A refusal is one line, told once.
  if (part.error !== null)
    return { lines: part.reported_event > 0 ? [] : [`Not started: ${part.error}`], event: 1 }
  if (task === undefined || task.event_count <= part.reported_event) {
    return { lines: [], event: part.reported_event }
  }
  const { events } = await listEvents(context.store, task.id, {
    after: part.reported_event,
    page: 1,
    per_page: eventsAtATime,
  })
  const page = pageOf(context, task)
  // Those that came after the task was read come with its next state: label and log say the same.
  const news = events.filter(({ id }) => Number(id) <= task.event_count)
  return {
    lines: news
      .map((event) => lineOf(event, { page, taskId: task.id }))
      .filter((line) => line !== ''),
    event: Number(news.at(-1)?.id ?? part.reported_event),
  }
}

function isEnded(task: RunTask | undefined): boolean {
  return task !== undefined && isEndState(task.state)
}
