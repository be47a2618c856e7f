import type { Group } from './matrix-operations.ts'

// The cells: what each operation of a group is answered with. `yes` is its own success.
export const yes = 'yes'
export const unknown = '401 Bad credentials'
export const gone = '404 Not Found'
const noScope =
  '403 This token lacks the scope repo (or public_repo, for a public repository) {repo}'
export const noWrite = (name: string) => `403 You need write access to ${name} for this`
export const noRun = (name: string) => `403 You need write access to ${name} to run this automation`
export const noBranch = '422 the task has pushed no branch yet; a pull request needs one'
export const byPat = '403 Resource not accessible by personal access token'
export const byApp = '403 Resource not accessible by integration'
export const person = '403 An automation runs in the name of a person: sign in as one to create it'
const unseen = (name: string) => `422 ${name}: there is none, or you may not see it`
const unsendable = (name: string, why: string) =>
  `422 ${name}: ${why.slice(4).replace(/ \{.*/, '')}`
const noAdmin = (name: string) => `403 You must be an administrator of ${name} for this`
const noLook = (name: string, what: string) =>
  `403 You need write access to ${name} to see its ${what}`
const noOwner = '403 You must be an owner of acme for this'
const noSite = '403 Only site administrators see the whole log'
export const noWorkflow = '403 A workflow that logged in by OIDC may only start and follow tasks'
const lacks = (scopes: string, first: string) =>
  `403 This token lacks the scope ${scopes} {${first}}`

export type Cells = Record<Group, string>
type OfTasks = Pick<
  Cells,
  'own' | 'read' | 'write' | 'automate' | 'send' | 'campaign' | 'publicKey'
>
type OfRepository = Pick<
  Cells,
  | 'configuration'
  | 'configure'
  | 'hooks'
  | 'secrets'
  | 'variables'
  | 'changeSecrets'
  | 'changeVariables'
>
type OfOrganization = Pick<
  Cells,
  'organization' | 'auditLog' | 'wholeAuditLog' | 'orgHooks' | 'orgSecrets' | 'orgVariables'
>

export const everything = {
  own: yes,
  read: yes,
  write: yes,
  automate: yes,
  send: yes,
  campaign: yes,
  publicKey: yes,
}
export const nothing = (cell: string): Cells => ({
  ...tasksRefused(cell, cell),
  configuration: cell,
  configure: cell,
  hooks: cell,
  secrets: cell,
  variables: cell,
  changeSecrets: cell,
  changeVariables: cell,
  orgSecrets: cell,
  orgVariables: cell,
  organization: cell,
  auditLog: cell,
  wholeAuditLog: cell,
  orgHooks: cell,
})
/** Somebody else, who only looks. */
export const looks = (name: string): OfTasks => ({
  own: yes,
  read: yes,
  write: noWrite(name),
  automate: noWrite(name),
  send: unsendable(name, noWrite(name)),
  campaign: gone,
  publicKey: yes,
})
export const sees = (name: string, campaign = gone): OfTasks => ({
  own: yes,
  read: gone,
  write: gone,
  automate: gone,
  send: unseen(name),
  campaign,
  publicKey: gone,
})
/** A token that reads, of somebody who writes. */
export const readsOnly = (refusal: string, name: string, campaign: string = yes): OfTasks => ({
  own: yes,
  read: yes,
  write: `${refusal} [contents=write]`,
  automate: `${refusal} [contents=write]`,
  send: unsendable(name, refusal),
  campaign,
  publicKey: yes,
})
/** The same cell for all of tasks; `*` is the level of each operation. */
const tasksRefused = (cell: string, publicKey: string): OfTasks => ({
  own: cell,
  read: cell,
  write: cell,
  automate: cell,
  send: cell,
  campaign: cell,
  publicKey,
})
export const refusedFor = (refusal: string) => tasksRefused(`${refusal} [agent_tasks=*]`, yes)

/** What a repository's administrator, a writer, a reader and a stranger may configure in it. */
export const administers: OfRepository = {
  configuration: yes,
  configure: yes,
  hooks: yes,
  secrets: yes,
  variables: yes,
  changeSecrets: yes,
  changeVariables: yes,
}
const writes = (name: string): OfRepository => ({
  configuration: yes,
  configure: noAdmin(name),
  hooks: gone,
  secrets: yes,
  variables: yes,
  changeSecrets: noAdmin(name),
  changeVariables: noAdmin(name),
})
const reads = (name: string): OfRepository => ({
  configuration: noLook(name, 'configuration'),
  configure: noWrite(name),
  hooks: gone,
  secrets: noLook(name, 'secrets'),
  variables: noLook(name, 'variables'),
  changeSecrets: noWrite(name),
  changeVariables: noWrite(name),
})
const stranger: OfRepository = {
  configuration: gone,
  configure: gone,
  hooks: gone,
  secrets: gone,
  variables: gone,
  changeSecrets: gone,
  changeVariables: gone,
}
export const withoutRepo: OfRepository = {
  configuration: lacks('repo', 'repo'),
  configure: lacks('repo', 'repo'),
  hooks: lacks('admin:repo_hook or repo', 'admin:repo_hook'),
  secrets: lacks('repo', 'repo'),
  variables: lacks('repo', 'repo'),
  changeSecrets: lacks('repo', 'repo'),
  changeVariables: lacks('repo', 'repo'),
}
/** An organization's owner, a member, somebody else; and tokens that are not for it. */
export const owns: OfOrganization = {
  organization: yes,
  auditLog: yes,
  wholeAuditLog: noSite,
  orgHooks: yes,
  orgSecrets: yes,
  orgVariables: yes,
}
export const belongs = {
  organization: noOwner,
  auditLog: noOwner,
  wholeAuditLog: noSite,
  orgHooks: noOwner,
  orgSecrets: noOwner,
  orgVariables: noOwner,
}
export const outside = {
  organization: gone,
  auditLog: gone,
  wholeAuditLog: noSite,
  orgHooks: gone,
  orgSecrets: gone,
  orgVariables: gone,
}
export const noOrg: OfOrganization = {
  organization: lacks('admin:org', 'admin:org'),
  auditLog: lacks('admin:org or read:audit_log', 'admin:org'),
  wholeAuditLog: lacks('admin:org or read:audit_log', 'admin:org'),
  orgHooks: lacks('admin:org_hook', 'admin:org_hook'),
  orgSecrets: lacks('admin:org', 'admin:org'),
  orgVariables: lacks('admin:org', 'admin:org'),
}
/** GitHub tells nobody what such a token is granted: it is for tasks alone. */
export const tasksAlone = (refusal: string): OfRepository & OfOrganization => ({
  configuration: `${refusal} [administration=*]`,
  configure: `${refusal} [administration=*]`,
  hooks: `${refusal} [repository_hooks=*]`,
  organization: `${refusal} [organization_copilot_agent_settings=*]`,
  auditLog: `${refusal} [organization_administration=*]`,
  wholeAuditLog: `${refusal} [organization_administration=*]`,
  orgHooks: `${refusal} [organization_hooks=*]`,
  secrets: `${refusal} [secrets=*]`,
  variables: `${refusal} [variables=*]`,
  changeSecrets: `${refusal} [secrets=*]`,
  changeVariables: `${refusal} [variables=*]`,
  orgSecrets: `${refusal} [organization_secrets=*]`,
  orgVariables: `${refusal} [organization_variables=*]`,
})
export const asWriter = (name: string) => ({ ...everything, ...writes(name), ...noOrg })
export const asReader = (name: string) => ({ ...looks(name), ...reads(name), ...noOrg })
export const asStranger = (name: string) => ({ ...sees(name), ...stranger, ...noOrg })
export const asPublicOnly = (name: string) => ({ ...sees(name, yes), ...withoutRepo, ...noOrg })
export const withoutScope = (publicKey: string) => ({
  ...tasksRefused(noScope, publicKey),
  ...withoutRepo,
  ...noOrg,
})
/** Of somebody who did not begin the campaign. */
export const another = { campaign: gone }
