import { isEndState, untilReached } from '@errand/contract'
import type { ForgeLookup } from '../present/task-fields.ts'
import { type ForgeCalls, pullNumberOf, readForge, writeForge } from './forge-calls.ts'
import type { Progress } from './progress.ts'

export interface Closing extends ForgeCalls {
  isErrand: boolean
  forge: ForgeLookup
  /** Said on each pull request before it is closed. */
  comment?: string
  deleteBranches: boolean
}

/** What was done to one repository's part, and what could not be. */
export interface Closed {
  done: string[]
  problem?: string
}

/** A pull request as GitHub's REST API shows it, as far as closing looks at it. */
interface Pull {
  state: 'open' | 'closed'
  merged_at: string | null
  head: { ref: string; repo: { id: number } | null }
  base: { ref: string; repo: { id: number } }
}

/**
 * Takes back what a campaign did in one repository: its task is cancelled, its pull request closed, and
 * where asked for its branch deleted. Each step looks at what is there first, so that doing it again,
 * also after a death in the middle, does only what is left. What was merged stays.
 */
export async function closePart(closing: Closing, progress: Progress): Promise<Closed> {
  const { repository, step, taskId } = progress
  if (step === 'sending') {
    return { done: [], problem: 'its create was not answered: resume the campaign, which finds it' }
  }
  if (taskId === undefined) return { done: [] }
  const done: string[] = []
  if (step === 'open') {
    const ended = await cancelTask(closing, taskId)
    if (ended === 'beyond') {
      return { done, problem: "GitHub's API cannot cancel its task: close it when that has ended" }
    }
    if (ended === 'cancelled') done.push('task cancelled')
  }
  const number = await pullNumber(closing, progress)
  if (number === undefined) return { done }
  const path = `/repos/${repository}/pulls/${number}`
  const pull = await readForge<Pull>(closing, path)
  if (pull === undefined || pull.merged_at !== null) return { done }
  if (pull.state === 'open') {
    await commentOnce(closing, `/repos/${repository}/issues/${number}/comments`)
    await writeForge(closing, 'PATCH', path, { state: 'closed' })
    done.push(`#${number} closed`)
  }
  if (closing.deleteBranches && (await deleteBranch(closing, repository, pull))) {
    done.push('branch deleted')
  }
  return { done }
}

async function cancelTask(closing: Closing, id: string): Promise<'cancelled' | 'ended' | 'beyond'> {
  const { client, signal, isErrand } = closing
  const params = { task_id: id }
  const task = await untilReached(closing, () => client.call('getTask', { params, signal }))
  if (isEndState(task.state)) return 'ended'
  if (!isErrand) return 'beyond'
  await untilReached(closing, () => client.call('cancelTask', { params, signal }))
  return 'cancelled'
}

/** A task that had not ended when the journal last looked may have a pull request by now. */
async function pullNumber(
  closing: Closing,
  { taskId = '', pullUrl }: Progress,
): Promise<number | undefined> {
  const known = pullNumberOf(pullUrl)
  if (known !== undefined) return known
  const { client, signal, forge } = closing
  const params = { task_id: taskId }
  const task = await untilReached(closing, () => client.call('getTask', { params, signal }))
  return (await untilReached(closing, () => forge.pull(task)))?.number
}

/** The same words are not said again to a pull request that heard them before a death. */
async function commentOnce(closing: Closing, path: string): Promise<void> {
  const { comment } = closing
  if (comment === undefined) return
  const said = await readForge<{ body: string }[]>(closing, `${path}?per_page=100`)
  if (said?.some(({ body }) => body === comment) === true) return
  await writeForge(closing, 'POST', path, { body: comment })
}

/** False when it is gone already, or is not the campaign's to delete. */
async function deleteBranch(
  closing: Closing,
  repository: string,
  { head, base }: Pull,
): Promise<boolean> {
  if (head.repo?.id !== base.repo.id || head.ref === base.ref) return false
  const ref = `heads/${head.ref}`.split('/').map(encodeURIComponent).join('/')
  if ((await readForge(closing, `/repos/${repository}/git/ref/${ref}`)) === undefined) return false
  await writeForge(closing, 'DELETE', `/repos/${repository}/git/refs/${ref}`)
  return true
}
