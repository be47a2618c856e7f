import { randomUUID } from 'node:crypto'
import { type CampaignPull, type CampaignRules, invalidField } from '@errand/contract'
import { sql } from 'kysely'
import { type Credential, keepForCampaign } from '../credentials/keep-credential.ts'
import { storableText } from '../events/storable-json.ts'
import type { CampaignRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import type { NewTask } from '../tasks/create-task.ts'
import { nameOf } from '../tasks/task-name.ts'
import { lockCampaigns } from './lock-campaign.ts'
import { waveOf } from './waves.ts'

/** A campaign as it is asked for, checked and resolved: each of its tasks could be created as it is. */
export interface NewCampaign {
  /** Default: from the first task's prompt. */
  name?: string
  creator: { id: number; login: string }
  rules: CampaignRules
  /** In the order of sending, each in another repository. */
  targets: { task: NewTask; pull: CampaignPull }[]
  /** The same key and hash from the same creator is the same campaign. */
  idempotency?: { key: string; body_hash: string }
}

/**
 * Makes a campaign with all its targets in one transaction; what its rules admit is sent by
 * `advanceCampaign`, as later. With an idempotency key seen before, the campaign of that time is answered, `replayed`.
 *
 * @param credential the creator's token, kept for its tasks as long as the campaign works
 * @throws ErrandError validation_failed when the key came before with another body.
 */
export async function createCampaign(
  store: Store,
  input: NewCampaign,
  credential?: Credential,
): Promise<{ id: string; replayed: boolean }> {
  const id = randomUUID()
  const created = await transact(store, async (tx) => {
    await lockCampaigns(tx)
    const campaign = await insertCampaign(store, tx, id, input)
    if (campaign === undefined) return undefined
    await insertTargets(tx, id, input)
    const of = { campaignId: id, userId: input.creator.id }
    if (credential !== undefined) await keepForCampaign(store, tx, of, credential)
    notify(tx, 'queue')
    return campaign
  })
  if (created !== undefined) return { id, replayed: false }
  return { id: await findEarlier(store, input), replayed: true }
}

async function findEarlier(store: Store, input: NewCampaign): Promise<string> {
  const earlier = await store.db
    .selectFrom('campaigns')
    .select(['id', 'idempotency_hash'])
    .where('creator_id', '=', input.creator.id)
    .where('idempotency_key', '=', input.idempotency?.key ?? '')
    .executeTakeFirstOrThrow()
  if (earlier.idempotency_hash === input.idempotency?.body_hash) return earlier.id
  throw invalidField(
    'Idempotency-Key',
    `Idempotency-Key was already used for campaign ${earlier.id} with another body; use a new key for another campaign`,
    'Campaign',
  )
}

/** Undefined where the idempotency key is taken. */
async function insertCampaign(
  store: Store,
  tx: Tx,
  id: string,
  input: NewCampaign,
): Promise<CampaignRow | undefined> {
  const { max_ai_credits: budget, concurrency, ...rules } = input.rules
  const [first] = input.targets
  const inserted = await sql<CampaignRow>`
    insert into campaigns (id, name, creator_id, creator_login, model, rules, max_nano, concurrency,
      idempotency_key, idempotency_hash, created_at, updated_at)
    select ${id}::uuid, ${storableText(input.name ?? nameOf(first?.task.prompt ?? ''))}::text,
      ${input.creator.id}::bigint, ${input.creator.login}::text, ${first?.task.model ?? ''}::text,
      ${JSON.stringify(rules)}::jsonb,
      ${budget === undefined ? null : Math.round(budget * 1e9)}::bigint,
      ${concurrency ?? null}::integer, ${input.idempotency?.key ?? null}::text,
      ${input.idempotency?.body_hash ?? null}::text, clock.time, clock.time
    from (select ${now(store)} as time) as clock
    on conflict do nothing
    returning *`.execute(tx)
  return inserted.rows[0]
}

async function insertTargets(tx: Tx, id: string, input: NewCampaign): Promise<void> {
  const rows = input.targets.map(({ task, pull }, number) => ({
    campaign_id: id,
    number,
    wave: waveOf(input.rules.waves, number),
    repository_id: task.repository.id,
    repository_full_name: task.repository.full_name,
    reviewers: JSON.stringify(pull.reviewers),
    title: pull.title === undefined ? null : storableText(pull.title),
    labels: JSON.stringify(pull.labels.map((label) => storableText(label))),
    team_reviewers: JSON.stringify(pull.team_reviewers),
    new_task: JSON.stringify(task),
    attempt: 0,
    task_id: null,
    pull_state: null,
    pull_checked_at: null,
  }))
  // PostgreSQL takes 65,535 parameters in a statement.
  for (let from = 0; from < rows.length; from += 1000) {
    await tx
      .insertInto('campaign_targets')
      .values(rows.slice(from, from + 1000))
      .execute()
  }
}
