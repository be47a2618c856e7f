import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { ErrandError, type UpdateAutomation } from '@errand/contract'
import type { UpdateObject } from 'kysely'
import { storableJson, storableText } from '../events/storable-json.ts'
import { sqlStateOf } from '../store/connection-lost.ts'
import type { AutomationRow } from '../store/automation-rows.ts'
import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { nameTaken, readTime } from './create-automation.ts'
import { requireUpstream } from './require-upstream.ts'
import { nextRun, requireSchedule } from './schedule.ts'

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const uniqueViolation = '23505'

/**
 * Changes what is given and leaves the rest. Resumed, or with other triggers, it counts from now on:
 * what it missed while it was paused is not made up for.
 *
 * @throws ErrandError conflict when `expected_revision_id` is not the current one; not_found when it was
 *   deleted meanwhile; validation_failed as create does.
 */
export async function updateAutomation(
  store: Store,
  id: string,
  change: Omit<UpdateAutomation, 'reasoning_effort' | 'github_mcp_toolsets'>,
): Promise<AutomationRow> {
  const { expected_revision_id: expected, ...fields } = change
  const revisionId = randomUUID()
  try {
    return await transact(store, async (tx) => {
      const row = await tx
        .selectFrom('automations')
        .selectAll()
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirst()
      if (row === undefined) throw new ErrandError('not_found')
      if (expected !== undefined && expected !== row.revision_id) throw staleRevision(row)
      const time = await readTime(store, tx)
      if (fields.triggers !== undefined) await requireUpstream(tx, row, fields.triggers)
      const values = { ...columnsOf(fields), revision_id: revisionId, updated_at: time }
      return await tx
        .updateTable('automations')
        .set({ ...values, ...timetableOf(row, fields, time) })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow()
    })
  } catch (error) {
    if (sqlStateOf(error) === uniqueViolation) throw nameTaken(fields.name ?? '')
    throw error
  }
}

function staleRevision(row: AutomationRow): ErrandError {
  return new ErrandError('conflict', {
    message: `expected_revision_id is not the current revision, which is ${row.revision_id}: get the automation anew and change that`,
  })
}

/** When it is due next, after a change that has to do with that. */
function timetableOf(
  row: AutomationRow,
  {
    enabled = row.enabled,
    triggers = row.triggers,
  }: Pick<UpdateAutomation, 'enabled' | 'triggers'>,
  time: Date,
): UpdateObject<Database, 'automations'> {
  const isSame = isDeepStrictEqual(triggers, row.triggers)
  if (isSame && enabled === row.enabled) return {}
  // One that is not understood any more can still be paused.
  if (!isSame || enabled) requireSchedule(triggers, time)
  const next = enabled ? nextRun(triggers, time) : undefined
  return {
    next_run_at: next?.at ?? null,
    next_run_event: next?.event ?? null,
    // Resumed by a person, the reasons of the past are gone.
    ...(enabled && !row.enabled && { failures: 0, disabled_reason: null, disabled_at: null }),
  }
}

const jsonColumns = ['triggers', 'tools', 'allowed_custom_agents', 'usage_limits'] as const
const textColumns = [
  'name',
  'description',
  'prompt',
  'model',
  'agent',
  'base_ref',
  'source_path',
] as const

function columnsOf(fields: UpdateAutomation): UpdateObject<Database, 'automations'> {
  const { enabled, write_scope, require_actor_write_permission, allow_concurrent_runs } = fields
  return {
    ...(enabled !== undefined && { enabled }),
    ...(write_scope !== undefined && { write_scope }),
    ...(require_actor_write_permission !== undefined && { require_actor_write_permission }),
    ...(allow_concurrent_runs !== undefined && { allow_concurrent_runs }),
    ...Object.fromEntries(
      jsonColumns.flatMap((name) =>
        fields[name] === undefined ? [] : [[name, JSON.stringify(storableJson(fields[name]))]],
      ),
    ),
    ...Object.fromEntries(
      textColumns.flatMap((name) => {
        const text = fields[name]
        return text === undefined ? [] : [[name, storableText(text)]]
      }),
    ),
  }
}
