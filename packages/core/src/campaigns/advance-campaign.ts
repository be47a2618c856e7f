import { randomUUID } from 'node:crypto'
import { isEndState } from '@errand/contract'
import { dropCampaignCredentials } from '../credentials/drop-credentials.ts'
import { storableText } from '../events/storable-json.ts'
import { isDisconnected } from '../store/connection-lost.ts'
import type { CampaignRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { insertTask, type NewTask } from '../tasks/create-task.ts'
import type { Decision } from './decide.ts'
import { lockCampaign, lockCampaigns } from './lock-campaign.ts'
import { readCandidates } from './read-candidates.ts'
import { readDecision } from './read-decision.ts'
import { readInTheWay } from './read-in-the-way.ts'
import type { Verdict, Vet } from './vet.ts'

/**
 * One pass over all campaigns at work: each sends what its rules admit now. Safe to run in several
 * processes at once, and again: tasks are created in the transaction that notes them.
 */
export async function advanceCampaigns(
  store: Store,
  advance: (id: string) => Promise<void>,
): Promise<void> {
  const active = await patiently(() =>
    store.db
      .selectFrom('campaigns')
      .select('id')
      .where('is_active', '=', true)
      .where('pause_reason', 'is', null)
      .orderBy('position')
      .execute(),
  )
  for (const { id } of active) {
    try {
      await advance(id)
    } catch (error) {
      if (isDisconnected(error)) throw error
      // One campaign that cannot go on must not keep the others.
      store.log.error({ err: error, campaign_id: id }, 'a campaign could not be advanced')
    }
  }
}

/**
 * Sends what a campaign's rules admit, and `vet` too. Who may be sent is read first, then asked about outside
 * of any transaction, then decided again in the one that sends: whoever dies in between has done nothing.
 * What is refused makes room for others, so it goes on until nothing changes.
 */
export async function advanceCampaign(store: Store, id: string, vet: Vet): Promise<void> {
  for (;;) {
    const found = await patiently(() => readCandidates(store.db, id))
    if (found === undefined) return
    const { campaign, candidates, decision } = found
    const verdicts = candidates.length === 0 ? new Map() : await vet(campaign, candidates)
    if (verdicts.size === 0 && !isNews(campaign, decision)) return
    const hasChanged = await transact(store, (tx) => send(store, tx, id, verdicts))
    if (!hasChanged) return
  }
}

/** Sends those that the rules admit now and that have been vetted. False when there were none. */
async function send(
  store: Store,
  tx: Tx,
  id: string,
  verdicts: ReadonlyMap<number, Verdict>,
): Promise<boolean> {
  await lockCampaigns(tx)
  const campaign = await lockCampaign(tx, id)
  if (campaign === undefined || !campaign.is_active || campaign.pause_reason !== null) return false
  const decision = await readDecision(tx, campaign)
  const vetted = decision.send.filter((number) => verdicts.has(number))
  const busy = await readBusy(tx, campaign, vetted)
  for (const number of vetted) {
    // Filtered by it.
    const verdict = busy.get(number) ?? verdicts.get(number)!
    if (verdict.type === 'send') await sendTarget(store, tx, id, number)
    else await refuseTarget(tx, id, number, verdict)
  }
  await noteDecision(store, tx, campaign, decision, vetted.length > 0)
  if (vetted.length > 0) notify(tx, 'queue')
  return vetted.length > 0
}

/** Where the same campaign has a task open: another of its name may have sent it a moment ago. */
async function readBusy(
  tx: Tx,
  campaign: CampaignRow,
  numbers: readonly number[],
): Promise<Map<number, Verdict>> {
  const found = await readInTheWay(tx, campaign, numbers)
  return new Map(
    found
      .filter(({ state }) => !isEndState(state))
      .map(({ number, task_id: taskId }) => [
        number,
        { type: 'skipped', reason: `A task of this campaign is open already: ${taskId}` },
      ]),
  )
}

async function refuseTarget(
  tx: Tx,
  campaignId: string,
  number: number,
  { type, reason }: Exclude<Verdict, { type: 'send' }>,
): Promise<void> {
  await tx
    .updateTable('campaign_targets')
    .set({ unsent_state: type, refusal: storableText(reason, 500) })
    .where('campaign_id', '=', campaignId)
    .where('number', '=', number)
    .execute()
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
  decision: Decision,
  hasSent: boolean,
): Promise<void> {
  if (!hasSent && !isNews(campaign, decision)) return
  const { pause, heldByOpenPulls, isActive } = decision
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

function isNews(campaign: CampaignRow, { pause, heldByOpenPulls, isActive }: Decision): boolean {
  return (
    pause !== undefined ||
    heldByOpenPulls !== campaign.held_by_open_pulls ||
    isActive !== campaign.is_active
  )
}
