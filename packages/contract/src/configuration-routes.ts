import { z } from 'zod'
import { AuditEntry, AuditQuery } from './audit-log.ts'
import {
  AgentPermissions,
  CloudAgentConfiguration,
  ConfigurationPart,
  EffectiveConfiguration,
  OrganizationConfiguration,
  PartialConfiguration,
} from './cloud-agent-configuration.ts'
import { PageQuery } from './page.ts'
import { PolicyHistory } from './policy-history.ts'
import { commonErrors, RepoPath, route } from './route.ts'

const ofRepo = '/repos/{owner}/{repo}/copilot/cloud-agent' as const
const ofOrg = '/orgs/{org}/copilot' as const
const permissions = `${ofOrg}/coding-agent/permissions` as const
const OrgPath = z.object({ org: z.string() })
const SelectedPath = OrgPath.extend({ repository_id: z.coerce.number().int().min(1) })
const IfMatch = z.object({ 'if-match': z.string().exactOptional() })

const base = { who: 'user', spec: 'docs/repository-configuration.md' } as const
const github = { ...base, origin: 'github', spec: 'behaviour.md 3.3' } as const
const beyond = { ...base, origin: 'beyond' } as const
const readRepo = { method: 'GET', permission: 'administration:read' } as const
const writeRepo = { permission: 'administration:write' } as const
const readOrg = { method: 'GET', permission: 'organization_copilot_agent_settings:read' } as const
const writeOrg = { permission: 'organization_copilot_agent_settings:write' } as const
const found = [...commonErrors, 'not_found', 'forbidden'] as const
const changed = [
  ...found,
  'conflict',
  'body_not_object',
  'invalid_request',
  'precondition_failed',
] as const

/** What agents may do in repositories, who says so, and the log of who changed it. */
export const configurationRoutes = {
  getConfiguration: route({
    ...github,
    ...readRepo,
    path: `${ofRepo}/configuration`,
    summary: "Get a repository's cloud agent configuration",
    params: RepoPath,
    answers: { 200: CloudAgentConfiguration },
    errors: [...found, 'conflict'],
  }),
  putConfiguration: route({
    ...beyond,
    ...writeRepo,
    method: 'PUT',
    path: `${ofRepo}/configuration`,
    summary: "Set a repository's configuration as a whole",
    params: RepoPath,
    headers: IfMatch,
    body: CloudAgentConfiguration,
    answers: { 200: CloudAgentConfiguration },
    errors: changed,
  }),
  patchConfiguration: route({
    ...beyond,
    ...writeRepo,
    method: 'PATCH',
    path: `${ofRepo}/configuration`,
    summary: "Change fields of a repository's configuration",
    params: RepoPath,
    headers: IfMatch,
    body: PartialConfiguration,
    answers: { 200: CloudAgentConfiguration },
    errors: changed,
  }),
  deleteConfiguration: route({
    ...beyond,
    ...writeRepo,
    method: 'DELETE',
    path: `${ofRepo}/configuration`,
    summary: 'Take back what a repository says: all of it, or one field or tool',
    params: RepoPath,
    query: z.object({ field: ConfigurationPart.exactOptional() }),
    headers: IfMatch,
    answers: { 200: CloudAgentConfiguration },
    errors: [...found, 'conflict', 'invalid_request', 'precondition_failed'],
  }),
  getEffectiveConfiguration: route({
    ...beyond,
    ...readRepo,
    path: `${ofRepo}/effective-config`,
    summary: 'Get what holds in a repository, who says so, and what it does',
    params: RepoPath,
    answers: { 200: EffectiveConfiguration },
    errors: found,
  }),
  getOrganizationConfiguration: route({
    ...beyond,
    ...readOrg,
    path: `${ofOrg}/cloud-agent/configuration`,
    summary: "Get an organization's defaults and enforced values",
    params: OrgPath,
    answers: { 200: OrganizationConfiguration },
    errors: found,
  }),
  putOrganizationConfiguration: route({
    ...beyond,
    ...writeOrg,
    method: 'PUT',
    path: `${ofOrg}/cloud-agent/configuration`,
    summary: "Set an organization's defaults and enforced values",
    params: OrgPath,
    headers: IfMatch,
    body: OrganizationConfiguration,
    answers: { 200: OrganizationConfiguration },
    errors: changed,
  }),
  getAgentPermissions: route({
    ...github,
    ...readOrg,
    path: permissions,
    summary: "Get which of an organization's repositories agents may be used in",
    params: OrgPath,
    answers: { 200: AgentPermissions },
    errors: found,
  }),
  putAgentPermissions: route({
    ...github,
    ...writeOrg,
    method: 'PUT',
    path: permissions,
    summary: "Set which of an organization's repositories agents may be used in",
    params: OrgPath,
    body: AgentPermissions.pick({ enabled_repositories: true }),
    answers: { 204: z.string() },
    errors: [...found, 'body_not_object', 'invalid_request'],
  }),
  listSelectedRepositories: route({
    ...github,
    ...readOrg,
    path: `${permissions}/repositories`,
    summary: 'List the selected repositories',
    params: OrgPath,
    query: PageQuery,
    answers: { 200: z.object({ total_count: z.int(), repositories: z.array(z.unknown()) }) },
    errors: [...found, 'conflict'],
  }),
  setSelectedRepositories: route({
    ...github,
    ...writeOrg,
    method: 'PUT',
    path: `${permissions}/repositories`,
    summary: 'Set the selected repositories',
    params: OrgPath,
    body: z.object({ selected_repository_ids: z.array(z.int()).max(10_000) }),
    answers: { 204: z.string() },
    errors: [...found, 'conflict', 'body_not_object', 'invalid_request'],
  }),
  selectRepository: route({
    ...github,
    ...writeOrg,
    method: 'PUT',
    path: `${permissions}/repositories/{repository_id}`,
    summary: 'Select a repository',
    params: SelectedPath,
    answers: { 204: z.string() },
    errors: [...found, 'conflict', 'invalid_request'],
  }),
  unselectRepository: route({
    ...github,
    ...writeOrg,
    method: 'DELETE',
    path: `${permissions}/repositories/{repository_id}`,
    summary: 'Unselect a repository',
    params: SelectedPath,
    answers: { 204: z.string() },
    errors: [...found, 'conflict', 'invalid_request'],
  }),
  listAuditLog: route({
    ...base,
    origin: 'github',
    method: 'GET',
    permission: 'organization_administration:read',
    path: '/orgs/{org}/audit-log',
    summary: "Get an organization's audit log",
    params: OrgPath,
    query: AuditQuery,
    answers: { 200: z.array(AuditEntry) },
    errors: found,
    spec: 'docs/audit-log.md',
  }),
  listWholeAuditLog: route({
    ...beyond,
    method: 'GET',
    permission: 'organization_administration:read',
    path: '/audit-log',
    summary: "Get the server's audit log, with every entry of its chain",
    params: z.object({}),
    query: AuditQuery,
    answers: { 200: z.array(AuditEntry) },
    errors: found,
    spec: 'docs/audit-log.md',
  }),
  listPolicyDeviations: route({
    ...beyond,
    ...readOrg,
    path: `${ofOrg}/policy/deviations`,
    summary: "List where an organization's repositories are not as the server's policy wants them",
    params: OrgPath,
    query: PageQuery.extend({
      state: z.enum(['open', 'ended', 'all']).default('open'),
      /** `owner/name`. Default: all. */
      repository: z.string().max(200).exactOptional(),
    }),
    answers: { 200: PolicyHistory },
    errors: found,
    spec: 'docs/policy.md',
  }),
} as const
