import { OrganizationConfiguration, type routes } from '@errand/contract'
import { changeOrganizationConfiguration, patiently, readOrganization } from '@errand/core'
import { requireOrganization } from '../../auth/organization.ts'
import { requireMatch } from '../../conventions/if-match.ts'
import type { Handler } from '../../handler.ts'

/** `GET /orgs/{org}/copilot/cloud-agent/configuration` */
export const getOrganizationConfiguration: Handler<
  typeof routes.getOrganizationConfiguration
> = async (context, { caller, params }) => {
  const { id } = await requireOrganization(context, caller, params.org)
  const { document } = await patiently(() => readOrganization(context.store.db, id))
  return { status: 200, body: present(document) }
}

/** `PUT /orgs/{org}/copilot/cloud-agent/configuration` */
export const putOrganizationConfiguration: Handler<
  typeof routes.putOrganizationConfiguration
> = async (context, { caller, params, body, headers }) => {
  const organization = await requireOrganization(context, caller, params.org)
  const actor = { id: caller.user.id, login: caller.user.login }
  const document = await changeOrganizationConfiguration(
    context.store,
    organization,
    actor,
    (before) => {
      requireMatch(headers['if-match'], present(before))
      return body
    },
  )
  return { status: 200, body: present(document) }
}

/** Keys in the schema's order: jsonb has another, and validators are made of bytes. */
function present(document: OrganizationConfiguration): OrganizationConfiguration {
  return OrganizationConfiguration.parse(document)
}
