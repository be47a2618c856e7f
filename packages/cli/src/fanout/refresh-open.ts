import {
  AnswerError,
  type Client,
  isEndState,
  isRefusal,
  type Session,
  type Task,
} from '@errand/contract'
import { type ForgeLookup, lastSession, pullOf } from '../present/task-fields.ts'
import type { Journal } from './journal.ts'
import type { Progress } from './progress.ts'

/** A campaign's tasks lie close together in the list of one's own; what is not found is asked for. */
const pagesLookedAt = 10
const askedForAtATime = 20

export interface Refreshing {
  client: Client
  journal: Pick<Journal, 'progress' | 'append'>
  forge: ForgeLookup
  signal: AbortSignal
  /** Told of each change of state; without a task where the server shows it no more. */
  onState: (progress: Progress, task: Task | undefined) => void | Promise<void>
}

/** Looks at the tasks that were open: two requests for two hundred of them. Ends go into the journal. */
export async function refreshOpen(refreshing: Refreshing): Promise<void> {
  const { journal } = refreshing
  const open = new Map(
    [...journal.progress.values()]
      .filter(({ step }) => step === 'open')
      .map((progress) => [progress.taskId ?? '', progress] as const),
  )
  if (open.size === 0) return
  for await (const { id, task } of findOpen(refreshing, new Set(open.keys()))) {
    const progress = open.get(id)
    if (progress === undefined || progress.state === task?.state) continue
    if (task !== undefined && !isEndState(task.state)) progress.state = task.state
    else await noteEnd(refreshing, progress, id)
    await refreshing.onState(journal.progress.get(progress.repository) ?? progress, task)
  }
}

interface Found {
  id: string
  /** Absent where the server shows it no more. */
  task?: Task
}

async function* findOpen(
  { client, signal }: Refreshing,
  wanted: Set<string>,
): AsyncGenerator<Found> {
  const query = { per_page: 100 }
  let pages = 0
  for await (const { tasks } of client.pages('listTasks', { params: {}, query, signal })) {
    for (const task of tasks) if (wanted.delete(task.id)) yield { id: task.id, task }
    pages += 1
    if (wanted.size === 0 || pages === pagesLookedAt) break
  }
  for (const id of [...wanted].slice(0, askedForAtATime)) {
    const task = await unlessRefused(client.call('getTask', { params: { task_id: id }, signal }))
    yield { id, ...(!(task instanceof AnswerError) && { task }) }
  }
}

/** What the server refuses to show of one task is of that task alone: the others go on. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | AnswerError> {
  try {
    return await call
  } catch (error) {
    if (isRefusal(error)) return error
    throw error
  }
}

async function noteEnd(
  { client, journal, forge, signal }: Refreshing,
  { repository, attempt }: Progress,
  id: string,
): Promise<void> {
  const task = await unlessRefused(client.call('getTask', { params: { task_id: id }, signal }))
  if (task instanceof AnswerError) {
    const reason = `the server shows its task no more: ${task.message} (${task.status})`
    return journal.append({ type: 'ended', repository, attempt, state: 'failed', reason })
  }
  const session = lastSession(task)
  const reason = session?.error?.message
  const pullUrl = pullOf(task)?.html_url ?? (await pullUnlessRefused(forge, task))?.html_url
  const endedAt = session?.completed_at ?? task.updated_at
  const usage = sumUsage(task.sessions ?? [])
  await journal.append({
    type: 'ended',
    repository,
    attempt,
    state: task.state,
    ...(reason !== undefined && { reason }),
    ...(pullUrl !== undefined && { pull_url: pullUrl }),
    ...(usage !== undefined && { usage }),
    ...(endedAt && { seconds: (Date.parse(endedAt) - Date.parse(task.created_at)) / 1000 }),
  })
}

async function pullUnlessRefused(forge: ForgeLookup, task: Task) {
  const pull = await unlessRefused(forge.pull(task))
  return pull instanceof AnswerError ? undefined : pull
}

/** Of all sessions; undefined where one did not tell, or they count different things. */
function sumUsage(sessions: readonly Session[]): Session['usage'] {
  const [first] = sessions
  if (first?.usage === undefined) return undefined
  const { type } = first.usage
  if (sessions.some(({ usage }) => usage?.type !== type)) return undefined
  return { type, amount: sessions.reduce((sum, { usage }) => sum + (usage?.amount ?? 0), 0) }
}
