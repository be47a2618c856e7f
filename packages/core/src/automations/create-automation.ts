import { randomUUID } from 'node:crypto'
import { type CreateAutomation, ErrandError } from '@errand/contract'
import { sql } from 'kysely'
import { storableJson, storableText } from '../events/storable-json.ts'
import type { AutomationRow } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { requireUpstream } from './require-upstream.ts'
import { nextRun, requireSchedule } from './schedule.ts'

/** An automation as it is asked for, checked as far as the forge and the settings decide. */
export interface NewAutomation extends Omit<
  CreateAutomation,
  'reasoning_effort' | 'github_mcp_toolsets'
> {
  creator: { id: number; login: string }
  repository: { id: number; full_name: string }
}

/**
 * @throws ErrandError validation_failed for a schedule that is wrong, or when another file's automation
 *   of the repository has the name.
 */
export async function createAutomation(store: Store, input: NewAutomation): Promise<AutomationRow> {
  // Made once: a transaction that is done again after a lost connection finds the row or not.
  const id = randomUUID()
  return await transact(store, async (tx) => {
    const time = await readTime(store, tx)
    requireSchedule(input.triggers, time)
    await requireUpstream(tx, { id, repository_id: input.repository.id }, input.triggers)
    const next = input.enabled ? nextRun(input.triggers, time) : undefined
    const inserted = await tx
      .insertInto('automations')
      .values({
        id,
        name: storableText(input.name),
        description: storableText(input.description),
        prompt: storableText(input.prompt),
        enabled: input.enabled,
        owner_type: input.owner_type,
        write_scope: input.write_scope,
        require_actor_write_permission: input.require_actor_write_permission,
        allow_concurrent_runs: input.allow_concurrent_runs,
        triggers: JSON.stringify(storableJson(input.triggers)),
        model: storableText(input.model),
        agent: storableText(input.agent),
        tools: JSON.stringify(storableJson(input.tools)),
        allowed_custom_agents: JSON.stringify(storableJson(input.allowed_custom_agents)),
        usage_limits: JSON.stringify(storableJson(input.usage_limits)),
        base_ref: storableText(input.base_ref),
        source_path: input.source_path === undefined ? null : storableText(input.source_path),
        creator_id: input.creator.id,
        creator_login: input.creator.login,
        repository_id: input.repository.id,
        repository_full_name: input.repository.full_name,
        revision_id: randomUUID(),
        next_run_at: next?.at ?? null,
        next_run_event: next?.event ?? null,
        failures: 0,
        disabled_reason: null,
        disabled_at: null,
        created_at: time,
        updated_at: time,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (inserted !== undefined) return inserted
    throw nameTaken(input.name)
  })
}

/** The store's time, as a statement of this transaction sees it. */
export async function readTime(store: Store, tx: Tx): Promise<Date> {
  const read = await sql<{ time: Date }>`select ${now(store)} as time`.execute(tx)
  // A select without a table has one row.
  return read.rows[0]!.time
}

export function nameTaken(name: string): ErrandError {
  const message = `name: another file's automation of this repository is called '${name}'`
  return new ErrandError('validation_failed', {
    errors: [{ resource: 'Automation', field: 'name', code: 'already_exists', message }],
  })
}
