import { isEndState, type State } from '@errand/contract'
import { getTask, type HeldRun, type PortalRunTaskRow, type RunTask } from '@errand/core'
import type { ServerContext } from '../../context.ts'
import { taskPageUrl } from '../../present/urls.ts'
import type { RunDetails } from './client.ts'
import { printable } from './log-lines.ts'

/** One of the things a run is for, with its task as it is now. */
export interface PartOfRun {
  part: PortalRunTaskRow
  /** Undefined until it is started, and when it was refused. */
  task: RunTask | undefined
}

/** More links than these nobody looks through; the summary has all. */
const mostLinks = 50
const mostSummaryLines = 500

const stateLabels: Record<State, string> = {
  queued: 'Queued',
  in_progress: 'Running',
  waiting_for_user: 'Waiting for an answer',
  idle: 'Idle',
  completed: 'Completed',
  failed: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
}

/** What Port's page of the run shows: the label, the links, and at the end the status and a summary. */
export async function detailsOf(
  context: ServerContext,
  parts: PartOfRun[],
  isOver: boolean,
): Promise<RunDetails> {
  const [first] = parts
  const links = parts.flatMap(({ task }) =>
    task === undefined ? [] : [pageOf(context, task), ...pullsOf(task)],
  )
  const details: RunDetails = {
    statusLabel: parts.length === 1 && first !== undefined ? labelOf(first) : countLabel(parts),
    ...(links.length > 0 ? { link: links.slice(0, mostLinks) } : {}),
    ...(parts.length === 1 && first?.task !== undefined ? { externalRunId: first.task.id } : {}),
  }
  if (!isOver) return details
  const isSuccess = parts.every(({ task }) => task?.state === 'completed')
  return {
    ...details,
    status: isSuccess ? 'SUCCESS' : 'FAILURE',
    summary: await summaryOf(context, parts),
  }
}

/** An answer is given or refused: there is nothing to follow. */
export async function detailsOfAnswer(
  context: ServerContext,
  run: HeldRun,
  taskId: string,
): Promise<RunDetails> {
  const error = run.tasks[0]?.error ?? null
  const task = error === null ? await getTask(context.store, taskId) : undefined
  return {
    status: error === null ? 'SUCCESS' : 'FAILURE',
    statusLabel: error === null ? 'Answered' : 'Not answered',
    summary: error ?? 'The answer was given; the task goes on.',
    ...(task === undefined ? {} : { link: [pageOf(context, task)] }),
  }
}

export function pageOf(
  context: ServerContext,
  task: Pick<RunTask, 'id' | 'repository_full_name'>,
): string {
  return taskPageUrl({ web: context.publicUrl() }, task.repository_full_name, task.id)
}

function labelOf({ part, task }: PartOfRun): string {
  if (part.error !== null) return 'Not started'
  return task === undefined ? 'Accepted' : stateLabels[task.state]
}

function countLabel(parts: PartOfRun[]): string {
  const done = parts.filter(
    ({ part, task }) => part.error !== null || (task !== undefined && isEndState(task.state)),
  )
  const waiting = parts.filter(({ task }) => task?.state === 'waiting_for_user')
  const asks = waiting.length > 0 ? `, ${waiting.length} waiting for an answer` : ''
  return `${done.length} of ${parts.length} done${asks}`
}

/** Markdown, as Port shows it: a line for each repository. */
async function summaryOf(context: ServerContext, parts: PartOfRun[]): Promise<string> {
  const lines = await Promise.all(
    parts.slice(0, mostSummaryLines).map(async ({ part, task }) => {
      const what = `- ${part.target}: `
      if (task === undefined) return `${what}not started: ${inLine(part.error ?? '')}`
      const pulls = pullsOf(task).map((url) => `[pull request](${url})`)
      const page = `[task](${pageOf(context, task)})`
      const result = `${what}${[stateLabels[task.state].toLowerCase(), page, ...pulls].join(', ')}`
      if (task.state === 'completed') return result
      const error = (await getTask(context.store, task.id))?.sessions.at(-1)?.error
      return error === null || error === undefined ? result : `${result}: ${inLine(error.message)}`
    }),
  )
  return lines.join('\n')
}

/** Part of a line of Markdown, and only text: an agent may have chosen it. */
function inLine(text: string): string {
  const plain = printable(text).replace(/\s+/g, ' ').slice(0, 500)
  return plain.replace(/[\\`*_[\]<>#|~]/g, '\\$&')
}

function pullsOf(task: RunTask): string[] {
  return task.artifacts.flatMap((artifact) =>
    artifact.type === 'pull' && artifact.data.html_url !== undefined
      ? [artifact.data.html_url]
      : [],
  )
}
