import { ErrandError, invalidField, isEndState, type ResumeCampaign } from '@errand/contract'
import type { UpdateObject } from 'kysely'
import { dropCampaignCredentials } from '../credentials/drop-credentials.ts'
import { type Credential, keepForCampaign } from '../credentials/keep-credential.ts'
import type { CampaignRow, Database } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { cancelSession } from '../tasks/cancel-task.ts'
import { lockLastSession } from '../tasks/last-session.ts'
import { lockCampaign, lockCampaigns } from './lock-campaign.ts'
import { readTargets } from './read-targets.ts'
import { spentNanoOf } from './spent.ts'
import { hasEnded, hasFailed } from './target-state.ts'

/**
 * Sends nothing more for now; what is sent goes on. One that is paused stays paused, for the reason it
 * has; one that is over stays over.
 *
 * @throws ErrandError not_found
 */
export async function pauseCampaign(store: Store, id: string, by: string): Promise<void> {
  await change(store, id, async (tx, campaign) => {
    if (campaign.pause_reason !== null || !(await hasPending(tx, campaign))) return
    await update(store, tx, id, {
      pause_reason: 'user',
      pause_message: `Paused by ${by}.`,
      paused_at: now(store),
    })
  })
}

/**
 * Goes on: the next wave is admitted, and failures until now are forgiven. `advanceCampaign` sends it.
 *
 * @param credential the creator's token of now, in place of the one kept
 * @throws ErrandError not_found; validation_failed where the budget is used up and not raised.
 */
export async function resumeCampaign(
  store: Store,
  id: string,
  changes: ResumeCampaign,
  credential?: Credential,
): Promise<void> {
  await change(store, id, async (tx, campaign) => {
    if (campaign.cancelled_at !== null) throw cancelled(id)
    const budget = changes.max_ai_credits
    const maxNano = budget === undefined ? campaign.max_nano : Math.round(budget * 1e9)
    const spentNano = await spentNanoOf(tx, id)
    if (maxNano !== null && spentNano >= maxNano) {
      throw invalidField(
        'max_ai_credits',
        `max_ai_credits must be more than ${spentNano / 1e9}, which the campaign has spent`,
        'Campaign',
      )
    }
    const targets = await readTargets(tx, id)
    const pending = targets.filter(({ state }) => state === 'pending')
    const failed = targets.filter(({ state }) => hasFailed(state))
    const nextWave = Math.min(...pending.map(({ wave }) => wave))
    const changed = await update(store, tx, id, {
      pause_reason: null,
      pause_message: null,
      paused_at: null,
      max_nano: maxNano,
      concurrency: changes.concurrency ?? campaign.concurrency,
      forgiven_failures: failed.length,
      ...(campaign.pause_reason === 'wave_ended' && pending.length > 0
        ? { allowed_wave: nextWave }
        : {}),
    })
    await renewCredential(store, tx, changed, credential)
  })
}

/**
 * Ends a campaign: what was not sent never is, and what is at work is cancelled. Pull requests stay.
 *
 * @throws ErrandError not_found
 */
export async function cancelCampaign(store: Store, id: string, by: string): Promise<void> {
  await change(store, id, async (tx, campaign) => {
    if (campaign.cancelled_at !== null) return
    const targets = await readTargets(tx, id)
    // One that is over stays as it ended.
    if (targets.every(({ state }) => hasEnded(state))) return
    for (const { task_id: taskId } of targets) {
      const session = taskId === null ? undefined : await lockLastSession(tx, taskId)
      if (session === undefined || isEndState(session.state)) continue
      await cancelSession(store, tx, session, by)
    }
    await update(store, tx, id, { cancelled_at: now(store), is_active: false })
    await dropCampaignCredentials(tx, id)
  })
}

/**
 * Has a new task sent to each repository whose last one did not complete or that was not sent to, under the
 * campaign's rules, by `advanceCampaign`. What is still to be sent or at work is left alone.
 *
 * @param credential the creator's token of now, in place of the one kept
 * @throws ErrandError not_found; validation_failed for one that was cancelled as a whole.
 */
export async function retryCampaign(
  store: Store,
  id: string,
  credential?: Credential,
): Promise<void> {
  await change(store, id, async (tx, campaign) => {
    if (campaign.cancelled_at !== null) throw cancelled(id)
    const failed = (await readTargets(tx, id)).filter(
      ({ state }) => hasFailed(state) || state === 'skipped',
    )
    if (failed.length === 0) return
    await tx
      .updateTable('campaign_targets')
      .set({
        task_id: null,
        unsent_state: null,
        refusal: null,
        pull_state: null,
        pull_checked_at: null,
        pull_prepared_at: null,
        problems: '[]',
      })
      .where('campaign_id', '=', id)
      .where(
        'number',
        'in',
        failed.map(({ number }) => number),
      )
      .execute()
    // They count as failed no more: those forgiven were among them.
    const changed = await update(store, tx, id, { is_active: true, forgiven_failures: 0 })
    await renewCredential(store, tx, changed, credential)
  })
}

/** Its tasks are its creator's, and worked on with a token of theirs. */
async function renewCredential(
  store: Store,
  tx: Tx,
  campaign: CampaignRow,
  credential: Credential | undefined,
): Promise<void> {
  if (credential === undefined) return
  const of = { campaignId: campaign.id, userId: campaign.creator_id }
  await keepForCampaign(store, tx, of, credential)
}

/** One transaction on a campaign whose row is locked. */
async function change(
  store: Store,
  id: string,
  work: (tx: Tx, campaign: CampaignRow) => Promise<void>,
): Promise<void> {
  await transact(store, async (tx) => {
    await lockCampaigns(tx)
    const campaign = await lockCampaign(tx, id)
    if (campaign === undefined) throw new ErrandError('not_found')
    await work(tx, campaign)
    notify(tx, 'queue')
  })
}

async function update(
  store: Store,
  tx: Tx,
  id: string,
  set: UpdateObject<Database, 'campaigns'>,
): Promise<CampaignRow> {
  return await tx
    .updateTable('campaigns')
    .set({ ...set, updated_at: now(store) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function hasPending(tx: Tx, campaign: CampaignRow): Promise<boolean> {
  if (campaign.cancelled_at !== null) return false
  const targets = await readTargets(tx, campaign.id)
  return targets.some(({ state }) => state === 'pending')
}

function cancelled(id: string): ErrandError {
  return invalidField('campaign_id', `campaign ${id} was cancelled; start another`, 'Campaign')
}
