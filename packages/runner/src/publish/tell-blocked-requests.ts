import type { EventData } from '@errand/contract'
import { lastEvents } from '@errand/core'
import { z } from 'zod'

import { ForgeRefused } from '../forge-client.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'

/** Each attempt of a session tells of at most a hundred. */
const mostRead = 500

const Comments = z.array(z.object({ body: z.string().nullish() }))

/** What the firewall blocked in this session, in all attempts at it. */
export async function blockedRequestsOf({
  context,
  lease,
}: Run): Promise<EventData['firewall.blocked'][]> {
  const query = { types: ['firewall.blocked'] as const, limit: mostRead }
  const events = await lastEvents(context.store, lease.task.id, query)
  const own = events.filter(({ session_id: id }) => id === lease.session.id)
  // Events of this type have this data: they are checked as they are stored.
  return own.map(({ data }) => data as EventData['firewall.blocked'])
}

/**
 * Tells of what was blocked or found below a pull request that was there before, whose text is somebody's own. Once for each
 * session: an earlier attempt may have done it. The branch is pushed whatever becomes of this.
 */
export async function commentOnWarnings(
  run: Run,
  { owner, name: repo }: Repository,
  { number }: { number: number },
  text: string,
): Promise<void> {
  const { session } = run.lease
  const mark = `<!-- errand-firewall: ${session.id} -->`
  const place = { owner, repo, issue_number: number }
  const route = '/repos/{owner}/{repo}/issues/{issue_number}/comments'
  const since = (session.started_at ?? session.created_at).toISOString()
  try {
    const query = { ...place, since, per_page: 100 }
    const answer = await run.forge.request(`GET ${route}`, query, run.signal)
    if (Comments.parse(answer).some(({ body }) => body?.includes(mark) === true)) return
    const body = `${text}\n\n${mark}`
    await run.forge.request(`POST ${route}`, { ...place, body }, run.signal)
  } catch (error) {
    if (!(error instanceof ForgeRefused)) throw error
    const message = `What the firewall blocked and the checks have found could not be told on the pull request: ${error.reason}`
    await run.say(message, 'warning')
  }
}
