import type { PolicyDeviation, routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireOrganization } from '../../auth/organization.ts'
import { linkHeader } from '../../conventions/link-header.ts'
import type { Handler } from '../../handler.ts'

/** `GET /orgs/{org}/copilot/policy/deviations`, for the organization's owners. */
export const listPolicyDeviations: Handler<typeof routes.listPolicyDeviations> = async (
  context,
  { caller, params, query, url },
) => {
  const { id } = await requireOrganization(context, caller, params.org)
  const found = await core.listPolicyDeviations(context.store, { owner_id: id, ...query })
  const link = linkHeader(url, { ...query, has_more: found.has_more })
  return {
    status: 200,
    body: {
      is_watched: context.policy !== undefined,
      deviations: found.deviations.map(present),
    },
    headers: { link },
  }
}

function present(row: core.PolicyDeviationRow): PolicyDeviation {
  const { id, rule, severity, message } = row
  return {
    id,
    repository: row.repository_full_name,
    rule,
    severity,
    message,
    since: row.since.toISOString(),
    since_cause: row.since_cause,
    since_by: causeOf(row.since_entry, row.since_login),
    ended_at: row.ended_at?.toISOString() ?? null,
    ended_cause: row.ended_cause,
    ended_by: causeOf(row.ended_entry, row.ended_login),
  }
}

function causeOf(entry: number | null, login: string | null): PolicyDeviation['since_by'] {
  return entry === null || login === null ? null : { actor: login, audit_entry: entry }
}
