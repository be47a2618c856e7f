import type { Client } from './client.ts'
import { invalidField } from './errors.ts'
import { findMarked } from './find-marked.ts'
import { type Mark, markPrompt } from './marker.ts'
import { createPace, type Pace } from './pace.ts'
import { speaksErrand } from './speaks-errand.ts'
import type { CreateTask, Task } from './task.ts'
import { untilReached, waitOut } from './until-reached.ts'

/** What a task is created from: GitHub's fields, and Errand's beyond them. */
export type NewTask = Partial<CreateTask> & Pick<CreateTask, 'prompt'>

export interface OnceOptions {
  /** What tells this task from every other: whoever comes again with it gets the same task. */
  key: string
  signal?: AbortSignal
  /** Told when the server cannot be reached, or asks to be left alone. */
  onWait?: (reason: string) => void
}

/** How tasks are sent to one server, one after the other or several at a time. */
export interface Sender {
  readonly pace: Pace
  /** Creates a task, and no second one for its key. Throws the `AnswerError` of a server that refuses. */
  create(repository: string, task: NewTask): Promise<Task>
}

/**
 * Creates a task, and no second one for its key: not when an answer is lost and the task is sent again,
 * and not when a whole program is run again. Errand knows the key; on GitHub the task is looked for by a
 * mark on its prompt among the repository's latest ones, except where the prompt is itself a script. A
 * server that is away, or asks for patience, is waited for.
 *
 * @param repository as `owner/name`
 */
export async function createTaskOnce(
  client: Client,
  repository: string,
  task: NewTask,
  options: OnceOptions,
): Promise<Task> {
  return (await openSender(client, options)).create(repository, task)
}

/**
 * Opens a way to send many tasks under one key, one for each repository.
 *
 * @param options `isNew` says that nobody can have sent anything with the key before
 */
export async function openSender(
  client: Client,
  options: OnceOptions & { isNew?: boolean },
): Promise<Sender> {
  const { key, onWait, isNew = false, signal = new AbortController().signal } = options
  // A server that was never there is an error at once.
  const isErrand = await untilReached({ signal, onWait }, () => speaksErrand(client, signal), 0)
  const mark: Mark = { name: 'once', id: await idOf(key), attempt: 1 }
  const pace = createPace(isErrand)
  const waiting = { pace, signal, onWait }

  async function findSent(repository: string): Promise<Task | undefined> {
    if (isErrand) return undefined
    const isOurs = async (): Promise<Task | undefined> => {
      const earlier = await findMarked(client, repository, () => true, signal)
      return earlier.find((found) => found.mark.id === mark.id)?.task
    }
    return untilReached(waiting, isOurs)
  }

  return {
    pace,
    async create(repository, task) {
      const params = parseRepository(repository)
      const body = isErrand ? task : { ...task, prompt: markPrompt(task.prompt, mark) }
      const headers = isErrand ? { 'idempotency-key': mark.id } : {}
      for (let failures = 0; ; failures += 1) {
        // What an earlier run sent, or this one without hearing of it.
        const sent = isNew && failures === 0 ? undefined : await findSent(repository)
        if (sent !== undefined) return sent
        await pace.turn(signal)
        try {
          const task = await client.call('createTask', { params, body, headers, signal })
          pace.ended()
          return task
        } catch (error) {
          pace.ended()
          await waitOut(waiting, error, failures)
        }
      }
    },
  }
}

/** Throws a 422 that names the field. */
function parseRepository(fullName: string): { owner: string; repo: string } {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(fullName) ?? []
  if (owner !== undefined && repo !== undefined) return { owner, repo }
  throw invalidField('repository', `'${fullName}' is not a repository; write owner/name`)
}

/** A key of any length and alphabet as the id that marks carry. */
async function idOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
