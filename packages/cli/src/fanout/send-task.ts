import {
  type Client,
  findMarked,
  isRefusal,
  markPrompt,
  type Pace,
  type Task,
  untilReached,
  type Waiting,
  waitOut,
} from '@errand/contract'
import type { ForgeLookup } from '../present/task-fields.ts'
import { findInTheWay, mayBeInTheWay } from './find-earlier.ts'
import { explainRefusal } from './forge-calls.ts'
import type { Journal } from './journal.ts'
import type { Progress } from './progress.ts'

export interface Sending extends Waiting {
  client: Client
  pace: Pace
  isErrand: boolean
  journal: Journal
  forge: ForgeLookup
}

/** How far a server's clock may be behind ours. */
const clockSkewMs = 10 * 60_000

/**
 * Sends a repository's part of the campaign, never twice: what was begun is on the disk before it is
 * sent, and a create whose answer was lost is found again, on Errand by its Idempotency-Key, elsewhere
 * by the mark on its prompt, before it is sent anew.
 */
export async function sendTask(sending: Sending, progress: Progress): Promise<void> {
  const { journal, signal } = sending
  const { repository, attempt } = progress
  const ours = { name: journal.campaign.campaign.name, id: journal.campaign.id }
  if (progress.step === 'sending') {
    const found = await findSent(sending, progress)
    if (found !== undefined) return noteSent(journal, progress, found)
  } else {
    const marked = await untilReached(sending, () =>
      findMarked(sending.client, repository, mayBeInTheWay, signal),
    ).catch(refusedOr<undefined>(journal, progress))
    if (marked === undefined) return
    const reason = await findInTheWay(marked, ours, sending.forge)
    if (reason !== undefined)
      return journal.append({ type: 'skipped', repository, attempt, reason })
  }
  await create(sending, progress)
}

async function create(sending: Sending, progress: Progress): Promise<void> {
  const { client, isErrand, journal, pace, signal } = sending
  const { repository, attempt } = progress
  const { id, campaign } = journal.campaign
  const [owner = '', repo = ''] = repository.split('/')
  const body = {
    prompt: markPrompt(progress.prompt, { name: campaign.name, id, attempt }),
    create_pull_request: campaign.create_pull_request,
    ...(campaign.model !== undefined && { model: campaign.model }),
    ...(campaign.agent !== undefined && { agent: campaign.agent }),
    ...(campaign.custom_agent !== undefined && { custom_agent: campaign.custom_agent }),
    ...(campaign.base_ref !== undefined && { base_ref: campaign.base_ref }),
  }
  const headers = isErrand ? { 'idempotency-key': `${id}/${attempt}/${repository}` } : {}
  for (let failures = 0; ; failures += 1) {
    await pace.turn(signal)
    await journal.append({ type: 'sending', repository, attempt })
    try {
      const task = await client.call('createTask', {
        params: { owner, repo },
        body,
        headers,
        signal,
      })
      pace.ended()
      return await noteSent(journal, progress, task)
    } catch (error) {
      pace.ended()
      signal.throwIfAborted()
      if (await noteRefused(journal, progress, error)) return
      await waitOut(sending, error, failures)
      // A server that answered nothing, or 500, may have stored the task before.
      const found = isErrand ? undefined : await findSent(sending, progress)
      if (found !== undefined) return noteSent(journal, progress, found)
    }
  }
}

/** A task that was created though its answer did not arrive. On Errand the key finds it. */
async function findSent(sending: Sending, progress: Progress): Promise<Task | undefined> {
  if (sending.isErrand) return undefined
  const { client, journal, signal } = sending
  const { repository } = progress
  const sentAt = Date.parse(journal.progress.get(repository)?.sentAt ?? '')
  const isAsYoung = (task: Task): boolean => Date.parse(task.created_at) > sentAt - clockSkewMs
  const marked = await untilReached(sending, () =>
    findMarked(client, repository, isAsYoung, signal),
  )
  return marked.find(
    ({ mark }) => mark.id === journal.campaign.id && mark.attempt === progress.attempt,
  )?.task
}

async function noteSent(journal: Journal, progress: Progress, task: Task): Promise<void> {
  const { repository, attempt } = progress
  await journal.append({
    type: 'sent',
    repository,
    attempt,
    task_id: task.id,
    ...(task.html_url !== undefined && { url: task.html_url }),
  })
}

/** False when the server did not refuse the task for good. */
async function noteRefused(
  journal: Journal,
  { repository, attempt }: Progress,
  error: unknown,
): Promise<boolean> {
  if (!isRefusal(error)) return false
  await journal.append({ type: 'refused', repository, attempt, reason: explainRefusal(error) })
  return true
}

function refusedOr<T>(journal: Journal, progress: Progress) {
  return async (error: unknown): Promise<T | undefined> => {
    if (await noteRefused(journal, progress, error)) return undefined
    throw error
  }
}
