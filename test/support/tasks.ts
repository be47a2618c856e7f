import {
  type Artifact,
  type Client,
  type Event,
  type EventType,
  isEndState,
  type State,
  type Task,
  type TaskWithSessions,
} from '@errand/contract'
import { eventually, type EventuallyOptions } from './eventually.ts'

/** A prompt for the `script` agent: what to run, and what it is for. */
export function scriptPrompt(script: string, text = 'Change what the test asks for'): string {
  return `${text}\n\n\`\`\`sh\n${script}\n\`\`\`\n`
}

export interface NewTask {
  prompt: string
  model?: string
  base_ref?: string
  head_ref?: string
  create_pull_request?: boolean
  timeout_minutes?: number
}

export function createTask(client: Client, fullName: string, body: NewTask): Promise<Task> {
  const [owner, repo] = fullName.split('/') as [string, string]
  return client.call('createTask', { params: { owner, repo }, body })
}

export function getTask(client: Client, id: string): Promise<TaskWithSessions> {
  return client.call('getTask', { params: { task_id: id } })
}

/** Waits for a state; a task that ended in another one is told at once, with its error. */
export async function untilState(
  client: Client,
  id: string,
  state: State,
  options: EventuallyOptions = {},
): Promise<TaskWithSessions> {
  let ended: TaskWithSessions | undefined
  const found = await eventually(
    async () => {
      const task = await getTask(client, id)
      if (task.state !== state && isEndState(task.state)) ended = task
      else if (task.state !== state) throw new Error(`the task is ${task.state}`)
      return task
    },
    { timeoutMs: 90_000, what: `state ${state}`, ...options },
  )
  if (ended === undefined) return found
  const log = (await eventsOf(client, id)).map(
    ({ type, data }) => `${type} ${JSON.stringify(data)}`,
  )
  const error = JSON.stringify(ended.sessions.at(-1)?.error)
  throw new Error(`the task is ${ended.state}, not ${state}: ${error}\n${log.join('\n')}`)
}

/** Follows a task until an event of the type comes; fails when the task ends without one. */
export async function untilEvent(client: Client, id: string, wanted: EventType): Promise<void> {
  for await (const { type } of client.followEvents(id)) if (type === wanted) return
  throw new Error(`the task ended without ${wanted}`)
}

/** All events of a task so far. */
export async function eventsOf(client: Client, id: string): Promise<Event[]> {
  const events: Event[] = []
  for await (const page of client.pages('listEvents', {
    params: { task_id: id },
    query: { per_page: 1000 },
  })) {
    events.push(...page.events)
  }
  return events
}

/** What tools have printed, as one text: where the log divides it is left to the clock. */
export function printedIn(events: readonly Event[]): string {
  return events
    .map(({ type, data }) => (type === 'tool.execution_update' ? String(data.output) : ''))
    .join('')
}

/** Waits until the box of a session that waits is put away: its workspace and the agent's home stay on the disk. */
export async function untilPutAway(client: Client, id: string): Promise<void> {
  await eventually(
    async () => {
      if (/put away/i.test(JSON.stringify(await eventsOf(client, id)))) return
      throw new Error('its box is there')
    },
    { what: 'the end of the box' },
  )
}

/** Starts a task and waits until it has completed. */
export async function completeTask(
  client: Client,
  fullName: string,
  body: NewTask,
): Promise<TaskWithSessions> {
  const { id } = await createTask(client, fullName, body)
  return untilState(client, id, 'completed')
}

type Data<T extends Artifact['type']> = Extract<Artifact, { type: T }>['data']

/** The pull request or the branch among a task's artifacts. */
export function artifactOf<T extends Artifact['type']>(task: Task, type: T): Data<T> | undefined {
  // The artifact found is of that type.
  return task.artifacts?.find((artifact) => artifact.type === type)?.data as Data<T> | undefined
}
