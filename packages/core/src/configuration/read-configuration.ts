import { OrganizationConfiguration, type PartialConfiguration } from '@errand/contract'
import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'

/** What is stored of a repository and of who owns it. */
export interface StoredConfiguration {
  organization: OrganizationConfiguration
  repository: PartialConfiguration
  /** Whether the organization lets agents be used in it. */
  is_agent_enabled: boolean
}

export async function readConfiguration(
  db: Kysely<Database>,
  repository: { id: number; owner: { id: number } },
): Promise<StoredConfiguration> {
  const own = await db
    .selectFrom('repository_configurations')
    .select('document')
    .where('repository_id', '=', repository.id)
    .executeTakeFirst()
  const organization = await readOrganization(db, repository.owner.id)
  const { enabled_repositories: enabled } = organization
  const isSelected = enabled === 'selected' && (await isSelectedIn(db, repository))
  return {
    organization: organization.document,
    repository: own?.document ?? {},
    is_agent_enabled: enabled === 'all' || isSelected,
  }
}

export async function readOrganization(db: Kysely<Database>, ownerId: number) {
  const row = await db
    .selectFrom('organization_configurations')
    .select(['document', 'enabled_repositories'])
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
  return (
    row ?? { document: OrganizationConfiguration.parse({}), enabled_repositories: 'all' as const }
  )
}

async function isSelectedIn(
  db: Kysely<Database>,
  { id, owner }: { id: number; owner: { id: number } },
): Promise<boolean> {
  const row = await db
    .selectFrom('selected_repositories')
    .select('repository_id')
    .where('owner_id', '=', owner.id)
    .where('repository_id', '=', id)
    .executeTakeFirst()
  return row !== undefined
}
