import { type AnswerError, isRefusal } from './answer-error.ts'
import type { Client } from './client.ts'
import { type NewTask, openSender } from './create-task-once.ts'
import type { Task } from './task.ts'

/** One prompt for many repositories, with the fields of a task that are to be the same for all. */
export interface FanOut extends Omit<NewTask, 'prompt'> {
  /** As `owner/name`; one that is named twice is sent one task. */
  repositories: readonly string[]
  prompt: string | ((repository: string) => string)
}

/** What became of a repository's task: created, or refused by the server. */
export type FannedOut =
  | { repository: string; task: Task }
  | { repository: string; error: AnswerError }

export interface FanOutOptions {
  /**
   * What this fan-out is told by: run again with the same key, it sends what is missing and finds the rest.
   * Default: a new one, so that every call sends anew.
   */
  key?: string
  /** How many creates may be on their way at a time. Default and most: 8 on Errand, 1 on GitHub. */
  concurrency?: number
  signal?: AbortSignal
  /** Told of each repository's task, or of its refusal. */
  onChange?: (sent: FannedOut) => void | Promise<void>
  /** Told when the server cannot be reached, or asks to be left alone. */
  onWait?: (reason: string) => void
}

/**
 * Creates one task in each repository, as fast as the server takes them: on GitHub one at a time, a
 * second apart, 80 a minute and 500 an hour. A task's answer that was lost is never paid for with a second
 * task, see `createTaskOnce`. A refusal is of one repository; what is about all of them, like a missing
 * sign-in, is thrown; sent again with the same key, what was on its way then is found.
 */
export async function fanOut(
  client: Client,
  { repositories, prompt, ...task }: FanOut,
  options: FanOutOptions = {},
): Promise<FannedOut[]> {
  const { key, concurrency = Infinity, onChange, onWait } = options
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])])
  const sender = await openSender(client, {
    ...(key === undefined ? { key: crypto.randomUUID(), isNew: true } : { key }),
    signal,
    ...(onWait && { onWait }),
  })

  async function send(repository: string): Promise<FannedOut> {
    const text = typeof prompt === 'string' ? prompt : prompt(repository)
    try {
      return { repository, task: await sender.create(repository, { ...task, prompt: text }) }
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { repository, error }
    }
  }

  const names = withoutDoubles(repositories)
  const sent: FannedOut[] = []
  const rest = names.entries()
  const atOnce = Math.max(1, Math.min(concurrency, sender.pace.atOnce))
  const workers = Array.from({ length: atOnce }, async () => {
    for (const [index, repository] of rest) {
      signal.throwIfAborted()
      sent[index] = await send(repository)
      await onChange?.(sent[index])
    }
  })
  const stopping = workers.map((worker) =>
    worker.catch((error: unknown) => {
      failed.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(stopping)
  signal.throwIfAborted()
  return sent
}

/** Names of owners and repositories are the same in any case; the first spelling stays. */
function withoutDoubles(repositories: readonly string[]): string[] {
  const names = new Map<string, string>()
  for (const name of repositories) {
    const known = names.get(name.toLowerCase())
    names.set(name.toLowerCase(), known ?? name)
  }
  return [...names.values()]
}
