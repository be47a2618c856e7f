import type { ForgeContext } from '../context.ts'
import type { Repository } from '../records/records.ts'
import { changesBetween } from './changes.ts'
import { composeEvent } from './compose-event.ts'
import { look, nothing } from './seen.ts'

/** How often it is looked for changes: a comparison of numbers where there are none. */
const everyMs = 300

/**
 * Tells what happens in the repositories: what differs from what was told last. That is written down
 * after it was told, so a crash makes an event at most be told again, under the same id. What is there
 * when a repository is first looked at is no news; what changes back before it was seen is none either.
 */
export async function startAnnouncing(context: ForgeContext): Promise<{ close(): Promise<void> }> {
  const { records, log } = context
  const versions = new Map<number, string>()
  for (const repository of records.repositories.values()) {
    if (records.seen.get(String(repository.id)) !== undefined) continue
    const now = await look(context, repository)
    await records.seen.put(String(repository.id), { sequence: 0, ...now })
  }

  async function pass(): Promise<void> {
    for (const repository of records.repositories.values()) {
      try {
        const version = versionOf(context, repository)
        if (versions.get(repository.id) === version) continue
        await announce(context, repository)
        versions.set(repository.id, version)
      } catch (error) {
        // Deleted meanwhile, or it is looked at again in a moment.
        const isThere = records.repositories.get(String(repository.id)) !== undefined
        const fields = { err: error, repositoryId: repository.id }
        if (isThere) log.warn(fields, 'what happened in a repository could not be told')
      }
    }
  }

  let running: Promise<void> = Promise.resolve()
  let isClosed = false
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (!isClosed) await pass()
    })
  }, everyMs)
  timer.unref()
  return {
    async close() {
      isClosed = true
      clearInterval(timer)
      await running
    },
  }
}

function versionOf({ records }: ForgeContext, repository: Repository): string {
  const { pulls, comments } = records.of(repository)
  return `${pulls.version} ${comments.version} ${repository.pushed_at} ${repository.pushes ?? 0}`
}

async function announce(context: ForgeContext, repository: Repository): Promise<void> {
  const { records } = context
  const key = String(repository.id)
  // A repository made since is all news, also to whoever goes on after a crash.
  const { sequence, ...before } = records.seen.get(key) ?? (await records.seen.put(key, nothing))
  const now = await look(context, repository)
  const comments = records.of(repository).comments.values()
  const ids = comments.map(({ id }) => id).filter((id) => id <= now.last_comment_id)
  const changes = changesBetween(before, now, ids)
  if (changes.length === 0) return
  for (const change of changes) {
    const event = await composeEvent(context, repository, sequence, change)
    if (event === undefined) continue
    for (const listener of context.listeners) await listener(event)
  }
  await records.seen.put(key, { sequence: sequence + 1, ...now })
}
