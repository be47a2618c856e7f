import { isDeepStrictEqual } from 'node:util'
import type { OrganizationConfiguration, PartialConfiguration } from '@errand/contract'
import { sql } from 'kysely'
import { appendAudit } from '../audit-log/append-audit.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { maskSecrets } from './mask-secrets.ts'
import {
  readConfiguration,
  readOrganization,
  type StoredConfiguration,
} from './read-configuration.ts'

/** Any number: who changes a configuration waits for who does already, and sees what they did. */
const configurationLock = 4_172_008

interface Owner {
  id: number
  login: string
}

interface Actor {
  id: number
  login: string
}

/**
 * Changes what a repository says, and writes down who did. `change` sees what is stored at that moment
 * and may throw, by which nothing changes; what changes nothing is not written down.
 */
export async function changeRepositoryConfiguration(
  store: Store,
  repository: { id: number; full_name: string; owner: Owner },
  actor: Actor,
  change: (stored: StoredConfiguration) => PartialConfiguration,
): Promise<StoredConfiguration> {
  return await transact(store, async (tx) => {
    await lock(tx)
    const stored = await readConfiguration(tx, repository)
    const document = change(stored)
    if (isSame(document, stored.repository)) return stored
    await sql`
      insert into repository_configurations (repository_id, repository_full_name, document, updated_at)
      values (${repository.id}, ${repository.full_name}, ${JSON.stringify(document)}::jsonb, ${now(store)})
      on conflict (repository_id) do update set repository_full_name = excluded.repository_full_name,
        document = excluded.document, updated_at = excluded.updated_at`.execute(tx)
    await appendAudit(store, tx, {
      action: 'repo.update_copilot_cloud_agent_configuration',
      actor,
      owner: repository.owner,
      repository,
      before: maskSecrets(stored.repository),
      after: maskSecrets(document),
    })
    return { ...stored, repository: document }
  })
}

/** The same of an organization. */
export async function changeOrganizationConfiguration(
  store: Store,
  owner: Owner,
  actor: Actor,
  change: (stored: OrganizationConfiguration) => OrganizationConfiguration,
): Promise<OrganizationConfiguration> {
  return await transact(store, async (tx) => {
    await lock(tx)
    const { document: before } = await readOrganization(tx, owner.id)
    const document = change(before)
    if (isSame(document, before)) return before
    await sql`
      insert into organization_configurations (owner_id, owner_login, document, updated_at)
      values (${owner.id}, ${owner.login}, ${JSON.stringify(document)}::jsonb, ${now(store)})
      on conflict (owner_id) do update set owner_login = excluded.owner_login,
        document = excluded.document, updated_at = excluded.updated_at`.execute(tx)
    const action = 'org.update_copilot_cloud_agent_configuration'
    const changed = { before: maskSecrets(before), after: maskSecrets(document) }
    await appendAudit(store, tx, { action, actor, owner, ...changed })
    return document
  })
}

export async function lock(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${configurationLock})`.execute(tx)
}

function isSame(a: object, b: object): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))
}
