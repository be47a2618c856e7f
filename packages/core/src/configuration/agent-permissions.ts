import { type AgentPermissions, ErrandError } from '@errand/contract'
import { sql } from 'kysely'
import { appendAudit } from '../audit-log/append-audit.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { lock } from './change-configuration.ts'
import { readOrganization } from './read-configuration.ts'

interface Named {
  id: number
  login: string
}

type Enabled = AgentPermissions['enabled_repositories']

/** Says which of an organization's repositories agents may be used in. The selected ones stay kept. */
export async function setAgentPermissions(
  store: Store,
  owner: Named,
  actor: Named,
  enabled: Enabled,
): Promise<void> {
  await transact(store, async (tx) => {
    await lock(tx)
    const { enabled_repositories: before } = await readOrganization(tx, owner.id)
    if (before === enabled) return
    const document = JSON.stringify({ defaults: {}, enforced: {}, additional_allowlist: [] })
    await sql`
      insert into organization_configurations
        (owner_id, owner_login, document, enabled_repositories, updated_at)
      values (${owner.id}, ${owner.login}, ${document}::jsonb, ${enabled}, ${now(store)})
      on conflict (owner_id) do update set enabled_repositories = excluded.enabled_repositories,
        updated_at = excluded.updated_at`.execute(tx)
    const action = 'org.update_copilot_coding_agent_permissions'
    const changed = { enabled_repositories: enabled }
    const was = { enabled_repositories: before }
    await appendAudit(store, tx, { action, actor, owner, before: was, after: changed })
  })
}

/** Ids of the selected repositories, in order. @throws ErrandError conflict where others are meant. */
export async function listSelected(store: Store, ownerId: number): Promise<number[]> {
  return await patiently(async () => {
    await requireSelected(store.db, ownerId)
    return await selectedOf(store.db, ownerId)
  })
}

/**
 * Changes the selected repositories, all at once.
 *
 * @throws ErrandError conflict where the organization does not enable selected repositories
 */
export async function changeSelected(
  store: Store,
  owner: Named,
  actor: Named,
  change: (selected: number[]) => number[],
): Promise<void> {
  await transact(store, async (tx) => {
    await lock(tx)
    await requireSelected(tx, owner.id)
    const before = await selectedOf(tx, owner.id)
    const after = [...new Set(change(before))].toSorted((a, b) => a - b)
    if (JSON.stringify(before) === JSON.stringify(after)) return
    await tx.deleteFrom('selected_repositories').where('owner_id', '=', owner.id).execute()
    if (after.length > 0) {
      const rows = after.map((id) => ({ owner_id: owner.id, repository_id: id }))
      await tx.insertInto('selected_repositories').values(rows).execute()
    }
    await appendAudit(store, tx, {
      action: 'org.update_copilot_coding_agent_repositories',
      actor,
      owner,
      before: { selected_repository_ids: before },
      after: { selected_repository_ids: after },
    })
  })
}

async function selectedOf(db: Store['db'] | Tx, ownerId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('selected_repositories')
    .select('repository_id')
    .where('owner_id', '=', ownerId)
    .orderBy('repository_id')
    .execute()
  return rows.map((row) => row.repository_id)
}

async function requireSelected(db: Store['db'] | Tx, ownerId: number): Promise<void> {
  const { enabled_repositories: enabled } = await readOrganization(db, ownerId)
  if (enabled === 'selected') return
  throw new ErrandError('conflict', {
    message: `enabled_repositories is '${enabled}': set it to 'selected' first`,
  })
}
