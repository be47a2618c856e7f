import type { Client } from './client.ts'
import { findPull, findRepositoryName, pullOf } from './find-pull.ts'
import { sleep } from './sleep.ts'
import { endStates, isEndState, type State } from './states.ts'
import type { TaskWithSessions } from './task.ts'
import { untilReached } from './until-reached.ts'

export interface WaitOptions {
  /**
   * The states that end the wait; a task's end does in any case. Default: the ends, and `idle`, in which
   * GitHub leaves a task whose turn is over.
   */
  until?: readonly State[]
  /** How long to wait in all. Default: as long as it takes. */
  timeoutMs?: number
  /** The longest time between two looks; the first follow each other sooner. Default 5000. */
  pollMs?: number
  signal?: AbortSignal
  /** Told of the first state seen, and of each change. */
  onState?: (task: TaskWithSessions) => void | Promise<void>
  /** Told when the server cannot be reached, or asks to be left alone. */
  onWait?: (reason: string) => void
}

/** A task that was waited for. */
export interface WaitedTask {
  task: TaskWithSessions
  /** Its pull request, where it has one that the caller may see. */
  pull?: { number: number; html_url: string }
}

/** A task that was not there yet when the time to wait for it was over. It goes on. */
export class WaitTimeout extends Error {
  readonly task: TaskWithSessions | undefined

  constructor(taskId: string, timeoutMs: number, task: TaskWithSessions | undefined) {
    const state = task === undefined ? 'unknown' : task.state
    super(`After ${Math.round(timeoutMs / 1000)} s the task ${taskId} is still ${state}.`)
    this.name = 'WaitTimeout'
    this.task = task
  }
}

const firstPollMs = 500
const pollGrowth = 1.5
/** Long enough for a server to be restarted; then its absence is an error to be told. */
const giveUpAfterMs = 300_000

/**
 * Waits until a task has ended, on Errand and on GitHub alike, by looking again and again: what has not
 * changed costs nothing of GitHub's hourly limit. A server that is away, or asks for patience, is waited
 * for. Throws `WaitTimeout`, the signal's reason, or the `AnswerError` of a server that refuses.
 */
export async function waitForTask(
  client: Client,
  taskId: string,
  options: WaitOptions = {},
): Promise<WaitedTask> {
  const { until = [...endStates, 'idle'], timeoutMs, pollMs = 5000, onState } = options
  const over = timeoutMs === undefined ? undefined : timeoutSignal(timeoutMs)
  const signal = AbortSignal.any([options.signal, over].filter((some) => some !== undefined))
  const waiting = { signal, onWait: options.onWait }
  const read = createTaskReader(client, taskId, signal)
  let last: TaskWithSessions | undefined
  try {
    for (let ms = Math.min(firstPollMs, pollMs); ; ms = Math.min(ms * pollGrowth, pollMs)) {
      // A server that was never there is an error at once.
      const task = await untilReached(waiting, read, last === undefined ? 0 : giveUpAfterMs)
      if (task.state !== last?.state) await onState?.(task)
      last = task
      if (isEndState(task.state) || until.includes(task.state)) {
        const findIt = (): Promise<WaitedTask['pull']> => readPull(client, task, signal)
        const pull = await untilReached(waiting, findIt, giveUpAfterMs)
        return { task, ...(pull && { pull }) }
      }
      await sleep(ms, signal)
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (over?.aborted !== true || error !== over.reason) throw error
    throw new WaitTimeout(taskId, timeoutMs ?? 0, last)
  }
}

/** Timers take whole milliseconds, and none beyond 2^31: 24 days. */
function timeoutSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.ceil(ms), 2 ** 31 - 1))
}

/** Reads a task, and again only if it has changed: an answer 304 is free (behaviour.md 2.4). */
function createTaskReader(
  client: Client,
  taskId: string,
  signal: AbortSignal,
): () => Promise<TaskWithSessions> {
  let last: { task: TaskWithSessions; etag: string | undefined } | undefined
  return async () => {
    const response = await client.request('GET', `/agents/tasks/${encodeURIComponent(taskId)}`, {
      headers: { 'if-none-match': last?.etag },
      signal,
    })
    if (response.status === 304 && last !== undefined) return last.task
    // Typed by the table and not checked, as every answer of the client's.
    const task = (await response.json()) as TaskWithSessions
    last = { task, etag: response.headers.get('etag') ?? undefined }
    return task
  }
}

async function readPull(
  client: Client,
  task: TaskWithSessions,
  signal: AbortSignal,
): Promise<WaitedTask['pull']> {
  const { number, html_url } = pullOf(task) ?? {}
  if (number !== undefined && html_url !== undefined) return { number, html_url }
  const name = pullOf(task) && (await findRepositoryName(client, task, signal))
  return name === undefined ? undefined : findPull(client, name, task, signal)
}
