import { setTimeout } from 'node:timers/promises'
import { ErrandError, type RepositoryAccess } from '@errand/contract'
import { advanceCampaign } from '@errand/core'
import type { ServerContext } from '../context.ts'
import { createVet } from './vet-campaign.ts'

/** What this server is sending, by the campaign's id. */
export interface CampaignSending {
  underway: Map<string, Promise<void>>
  /** Those whose repositories the forge could not be asked about, and from when it is asked again. */
  waiting: Map<string, { failures: number; untilMs: number }>
  /** The server stops: nobody is asked about any more. */
  isClosing: boolean
}

export function createCampaignSending(): CampaignSending {
  return { underway: new Map(), waiting: new Map(), isClosing: false }
}

/**
 * How long a caller is kept for the first of a campaign's tasks to be there. The rest follow: a thousand
 * repositories take longer than the ten seconds after which GitHub ends a request (behaviour.md 2.4).
 */
const longestWaitMs = 4000

/** Between two questions that a forge does not answer, where it does not say. */
const firstPauseMs = 2000
const longestPauseMs = 60_000

/**
 * Sends what a campaign's rules admit now, vetted. Who asks while it is being sent waits, and looks after
 * that for what is left: no repository is asked about twice at a time.
 *
 * @param known repositories that were vetted just now, by id
 */
export async function sendCampaign(
  context: ServerContext,
  id: string,
  known?: ReadonlyMap<number, RepositoryAccess>,
): Promise<void> {
  const { underway } = context.campaigns
  const before = underway.get(id)
  // What became of that is told to whoever asked for it.
  const sent = Promise.allSettled([before]).then(() => send(context, id, known))
  underway.set(id, sent)
  try {
    await sent
  } finally {
    if (underway.get(id) === sent) underway.delete(id)
  }
}

/**
 * The same for a caller who has just changed a campaign, who is answered after four seconds at the latest:
 * the change is stored, and what it admits is sent, if not now, then later.
 */
export async function sendCampaignNow(
  context: ServerContext,
  id: string,
  known?: ReadonlyMap<number, RepositoryAccess>,
): Promise<void> {
  context.campaigns.waiting.delete(id)
  const sent = sendCampaign(context, id, known).catch((error: unknown) => {
    context.log.error({ err: error, campaign_id: id }, 'a campaign could not be advanced')
  })
  const answered = new AbortController()
  const { signal } = answered
  const timeIsUp = setTimeout(longestWaitMs, undefined, { signal }).catch(() => undefined)
  await Promise.race([sent, timeIsUp])
  answered.abort()
}

async function send(
  context: ServerContext,
  id: string,
  known: ReadonlyMap<number, RepositoryAccess> | undefined,
): Promise<void> {
  const { waiting } = context.campaigns
  const vet = createVet(context, (error) => noteTrouble(context, id, error), known)
  await advanceCampaign(context.store, id, async (campaign, candidates) => {
    const { failures = 0, untilMs = 0 } = waiting.get(id) ?? {}
    if (context.campaigns.isClosing || Date.now() < untilMs) return new Map()
    const verdicts = await vet(campaign, candidates)
    if (waiting.get(id)?.failures === failures) waiting.delete(id)
    return verdicts
  })
}

function noteTrouble({ campaigns, log }: ServerContext, id: string, error: unknown): void {
  const failures = (campaigns.waiting.get(id)?.failures ?? 0) + 1
  const asked =
    error instanceof ErrandError ? Number(error.headers['retry-after'] ?? Number.NaN) : Number.NaN
  const pauseMs = Number.isNaN(asked)
    ? Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs)
    : asked * 1000
  campaigns.waiting.set(id, { failures, untilMs: Date.now() + pauseMs })
  const message = 'the repositories of a campaign cannot be asked about: it is tried again later'
  log.warn({ err: error, campaign_id: id, pauseMs }, message)
}
