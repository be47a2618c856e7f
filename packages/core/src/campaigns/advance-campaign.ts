import { randomUUID } from 'node:crypto'
import { dropCampaignCredentials } from '../credentials/drop-credentials.ts'
import { isDisconnected } from '../store/connection-lost.ts'
import type { CampaignRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { insertTask, type NewTask } from '../tasks/create-task.ts'
import { decide, type Decision } from './decide.ts'
import { expectedNanoOf } from './experience.ts'
import { lockCampaign, lockCampaigns } from './lock-campaign.ts'
import { readOpenPulls, readTargets } from './read-targets.ts'
import { spentNanoOf } from './spent.ts'

/**
 * One pass over all campaigns at work: each sends what its rules admit now. Safe to run in several
 * processes at once, and again: tasks are created in the transaction that notes them. Returns how many
 * tasks were sent.
 */
export async function advanceCampaigns(store: Store): Promise<number> {
  const active = await patiently(() =>
    store.db
      .selectFrom('campaigns')
      .select('id')
      .where('is_active', '=', true)
      .where('pause_reason', 'is', null)
      .orderBy('position')
      .execute(),
  )
  let sent = 0
  for (const { id } of active) {
    try {
      sent += await transact(store, (tx) => advance(store, tx, id))
    } catch (error) {
      if (isDisconnected(error)) throw error
      // One campaign that cannot go on must not keep the others.
      store.log.error({ err: error, campaign_id: id }, 'a campaign could not be advanced')
    }
  }
  return sent
}

async function advance(store: Store, tx: Tx, id: string): Promise<number> {
  await lockCampaigns(tx)
  const campaign = await lockCampaign(tx, id)
  if (campaign === undefined || !campaign.is_active || campaign.pause_reason !== null) return 0
  return await advanceLocked(store, tx, campaign)
}

/** Sends what the rules admit. The campaign's row is locked, or of this transaction. */
export async function advanceLocked(store: Store, tx: Tx, campaign: CampaignRow): Promise<number> {
  const targets = await readTargets(tx, campaign.id)
  const decision = decide({
    rules: campaign.rules,
    concurrency: campaign.concurrency ?? Number.POSITIVE_INFINITY,
    maxNano: campaign.max_nano ?? Number.POSITIVE_INFINITY,
    spentNano: await spentNanoOf(tx, campaign.id),
    expectedNano: await expectedNanoOf(tx, campaign),
    allowedWave: campaign.allowed_wave,
    forgivenFailures: campaign.forgiven_failures,
    targets: targets.map((target) => ({
      number: target.number,
      wave: target.wave,
      state: target.state ?? 'pending',
      repositoryId: target.repository_id,
      reviewers: target.reviewers,
    })),
    pulls: await readOpenPulls(tx, campaign),
  })
  for (const number of decision.send) await sendTarget(store, tx, campaign.id, number)
  await noteDecision(store, tx, campaign, decision)
  if (decision.send.length > 0) notify(tx, 'queue')
  return decision.send.length
}

async function sendTarget(store: Store, tx: Tx, campaignId: string, number: number): Promise<void> {
  const target = await tx
    .selectFrom('campaign_targets')
    .select(['new_task', 'attempt'])
    .where('campaign_id', '=', campaignId)
    .where('number', '=', number)
    .executeTakeFirstOrThrow()
  // Written by createCampaign from a NewTask.
  const task = await insertTask(store, tx, target.new_task as NewTask, {
    task: randomUUID(),
    session: randomUUID(),
  })
  // The id is new, and a campaign's tasks have no idempotency key: nothing can be in the way.
  if (task === undefined) throw new Error('a new task of a campaign was taken for another')
  const attempt = target.attempt + 1
  await tx
    .updateTable('campaign_targets')
    .set({ task_id: task.id, attempt, pull_state: null, pull_checked_at: null })
    .where('campaign_id', '=', campaignId)
    .where('number', '=', number)
    .execute()
  await tx
    .insertInto('campaign_tasks')
    .values({ task_id: task.id, campaign_id: campaignId, number, attempt })
    .execute()
}

async function noteDecision(
  store: Store,
  tx: Tx,
  campaign: CampaignRow,
  { send, pause, heldByOpenPulls, isActive }: Decision,
): Promise<void> {
  const isNews =
    send.length > 0 ||
    pause !== undefined ||
    heldByOpenPulls !== campaign.held_by_open_pulls ||
    isActive !== campaign.is_active
  if (!isNews) return
  if (!isActive) await dropCampaignCredentials(tx, campaign.id)
  await tx
    .updateTable('campaigns')
    .set({
      held_by_open_pulls: heldByOpenPulls,
      is_active: isActive,
      updated_at: now(store),
      ...(pause === undefined
        ? {}
        : { pause_reason: pause.reason, pause_message: pause.message, paused_at: now(store) }),
    })
    .where('id', '=', campaign.id)
    .execute()
}
