import { z } from 'zod'
import {
  AgentSecret,
  AgentVariable,
  CreateOrganizationVariable,
  CreateVariable,
  OrganizationAgentSecret,
  OrganizationAgentVariable,
  PublicKey,
  PutOrganizationSecret,
  PutSecret,
  SelectedIds,
  UpdateOrganizationVariable,
  UpdateVariable,
  ValueName,
} from './agent-values.ts'
import { PageQuery } from './page.ts'
import { commonErrors, RepoPath, route } from './route.ts'

const OrgPath = z.object({ org: z.string() })
const repositoryId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
/** GitHub shows ten variables on a page, and thirty of everything else (behaviour.md 3.7). */
const VariablePage = PageQuery.extend({
  per_page: z.coerce.number().int().min(1).max(100).default(10),
})

const secretList = <T extends z.ZodType>(item: T) =>
  z.object({ total_count: z.int(), secrets: z.array(item) })
const variableList = <T extends z.ZodType>(item: T) =>
  z.object({ total_count: z.int(), variables: z.array(item) })

type Permission = 'secrets' | 'variables' | 'organization_secrets' | 'organization_variables'

/** What the operations of one kind have in common. */
function base<const P extends Permission>(permission: P) {
  const all = { origin: 'github', who: 'user', spec: 'behaviour.md 3.7' } as const
  const errors = [...commonErrors, 'forbidden', 'not_found'] as const
  return {
    read: { ...all, method: 'GET', permission: `${permission}:read`, errors },
    write: { ...all, permission: `${permission}:write`, errors },
    changed: [...errors, 'body_not_object', 'invalid_request'],
  } as const
}

/** Secrets, below a repository and below an organization. */
function secretOperations<
  const Root extends string,
  const P extends Permission,
  Target extends z.ZodObject,
  One extends z.ZodObject,
  New extends z.ZodObject,
  Item extends z.ZodType,
  Put extends z.ZodType,
>(
  root: Root,
  permission: P,
  {
    target,
    one: params,
    named,
    item,
    put,
  }: { target: Target; one: One; named: New; item: Item; put: Put },
  whose: string,
) {
  const { read, write, changed } = base(permission)
  const one = `${root}/{secret_name}` as const
  return {
    list: route({
      ...read,
      path: root,
      summary: `List ${whose} secrets`,
      params: target,
      query: PageQuery,
      answers: { 200: secretList(item) },
    }),
    get: route({
      ...read,
      path: one,
      summary: `Get ${whose} secret, without its value`,
      params,
      answers: { 200: item },
    }),
    put: route({
      ...write,
      method: 'PUT',
      path: one,
      summary: `Create or update ${whose} secret`,
      params: named,
      body: put,
      answers: { 201: z.object({}), 204: z.string() },
      errors: changed,
    }),
    remove: route({
      ...write,
      method: 'DELETE',
      path: one,
      summary: `Delete ${whose} secret`,
      params,
      answers: { 204: z.string() },
    }),
  }
}

/** Variables, below a repository and below an organization. */
function variableOperations<
  const Root extends string,
  const P extends Permission,
  Target extends z.ZodObject,
  One extends z.ZodObject,
  Item extends z.ZodType,
  Create extends z.ZodType,
  Update extends z.ZodType,
>(
  root: Root,
  permission: P,
  {
    target,
    one: params,
    item,
    create,
    update,
  }: { target: Target; one: One; item: Item; create: Create; update: Update },
  whose: string,
) {
  const { read, write, changed } = base(permission)
  const one = `${root}/{name}` as const
  return {
    list: route({
      ...read,
      path: root,
      summary: `List ${whose} variables`,
      params: target,
      query: VariablePage,
      answers: { 200: variableList(item) },
    }),
    create: route({
      ...write,
      method: 'POST',
      path: root,
      summary: `Create ${whose} variable`,
      params: target,
      body: create,
      answers: { 201: z.object({}) },
      errors: [...changed, 'conflict'],
    }),
    get: route({
      ...read,
      path: one,
      summary: `Get ${whose} variable`,
      params,
      answers: { 200: item },
    }),
    update: route({
      ...write,
      method: 'PATCH',
      path: one,
      summary: `Update ${whose} variable`,
      params,
      body: update,
      answers: { 204: z.string() },
      errors: [...changed, 'conflict'],
    }),
    remove: route({
      ...write,
      method: 'DELETE',
      path: one,
      summary: `Delete ${whose} variable`,
      params,
      answers: { 204: z.string() },
    }),
  }
}

/** Which repositories an organization's secret or variable is for, where these are selected. */
function selectionOperations<
  const One extends string,
  const P extends Permission,
  Params extends z.ZodObject,
  Selected extends z.ZodObject,
>(
  one: One,
  permission: P,
  { params, selected }: { params: Params; selected: Selected },
  what: string,
) {
  const { read, write, changed } = base(permission)
  const all = `${one}/repositories` as const
  const single = `${all}/{repository_id}` as const
  const conflicting = [...changed, 'conflict'] as const
  return {
    list: route({
      ...read,
      path: all,
      summary: `List the repositories selected for an organization's ${what}`,
      params,
      query: PageQuery,
      answers: { 200: z.object({ total_count: z.int(), repositories: z.array(z.unknown()) }) },
      errors: [...read.errors, 'conflict'],
    }),
    set: route({
      ...write,
      method: 'PUT',
      path: all,
      summary: `Set the repositories selected for an organization's ${what}`,
      params,
      body: SelectedIds,
      answers: { 204: z.string() },
      errors: conflicting,
    }),
    add: route({
      ...write,
      method: 'PUT',
      path: single,
      summary: `Add a repository to an organization's ${what}`,
      params: selected,
      answers: { 204: z.string() },
      errors: conflicting,
    }),
    remove: route({
      ...write,
      method: 'DELETE',
      path: single,
      summary: `Remove a repository from an organization's ${what}`,
      params: selected,
      answers: { 204: z.string() },
      errors: conflicting,
    }),
  }
}

const ofRepo = '/repos/{owner}/{repo}/agents' as const
const ofOrg = '/orgs/{org}/agents' as const

const secretName = { secret_name: z.string() }
const variableName = { name: z.string() }
const newSecretName = { secret_name: ValueName }

const repositorySecrets = secretOperations(
  `${ofRepo}/secrets`,
  'secrets',
  {
    target: RepoPath,
    one: RepoPath.extend(secretName),
    named: RepoPath.extend(newSecretName),
    item: AgentSecret,
    put: PutSecret,
  },
  "a repository's",
)
const repositoryVariables = variableOperations(
  `${ofRepo}/variables`,
  'variables',
  {
    target: RepoPath,
    one: RepoPath.extend(variableName),
    item: AgentVariable,
    create: CreateVariable,
    update: UpdateVariable,
  },
  "a repository's",
)
const organizationSecret = OrgPath.extend(secretName)
const organizationSecrets = secretOperations(
  `${ofOrg}/secrets`,
  'organization_secrets',
  {
    target: OrgPath,
    one: organizationSecret,
    named: OrgPath.extend(newSecretName),
    item: OrganizationAgentSecret,
    put: PutOrganizationSecret,
  },
  "an organization's",
)
const organizationVariable = OrgPath.extend(variableName)
const organizationVariables = variableOperations(
  `${ofOrg}/variables`,
  'organization_variables',
  {
    target: OrgPath,
    one: organizationVariable,
    item: OrganizationAgentVariable,
    create: CreateOrganizationVariable,
    update: UpdateOrganizationVariable,
  },
  "an organization's",
)
const oneRepository = { repository_id: repositoryId }
const selectedForSecret = selectionOperations(
  `${ofOrg}/secrets/{secret_name}`,
  'organization_secrets',
  { params: organizationSecret, selected: organizationSecret.extend(oneRepository) },
  'secret',
)
const selectedForVariable = selectionOperations(
  `${ofOrg}/variables/{name}`,
  'organization_variables',
  { params: organizationVariable, selected: organizationVariable.extend(oneRepository) },
  'variable',
)

/** The secrets and variables that agents are given, and nobody else. The operations are GitHub's. */
export const agentValueRoutes = {
  listRepositorySecrets: repositorySecrets.list,
  getRepositoryPublicKey: route({
    ...base('secrets').read,
    // Whoever may look at a repository may have the key: all that it does is to seal.
    permission: 'metadata:read',
    path: `${ofRepo}/secrets/public-key`,
    summary: "Get the key that a repository's secrets are sealed with",
    params: RepoPath,
    answers: { 200: PublicKey },
  }),
  getRepositorySecret: repositorySecrets.get,
  putRepositorySecret: repositorySecrets.put,
  deleteRepositorySecret: repositorySecrets.remove,
  listOrganizationSecretsForRepo: route({
    ...base('secrets').read,
    path: `${ofRepo}/organization-secrets`,
    summary: "List the organization's secrets that a repository has",
    params: RepoPath,
    query: PageQuery,
    answers: { 200: secretList(AgentSecret) },
  }),
  listRepositoryVariables: repositoryVariables.list,
  createRepositoryVariable: repositoryVariables.create,
  getRepositoryVariable: repositoryVariables.get,
  updateRepositoryVariable: repositoryVariables.update,
  deleteRepositoryVariable: repositoryVariables.remove,
  listOrganizationVariablesForRepo: route({
    ...base('variables').read,
    path: `${ofRepo}/organization-variables`,
    summary: "List the organization's variables that a repository has",
    params: RepoPath,
    query: VariablePage,
    answers: { 200: variableList(AgentVariable) },
  }),
  listOrganizationSecrets: organizationSecrets.list,
  getOrganizationPublicKey: route({
    ...base('organization_secrets').read,
    path: `${ofOrg}/secrets/public-key`,
    summary: "Get the key that an organization's secrets are sealed with",
    params: OrgPath,
    answers: { 200: PublicKey },
  }),
  getOrganizationSecret: organizationSecrets.get,
  putOrganizationSecret: organizationSecrets.put,
  deleteOrganizationSecret: organizationSecrets.remove,
  listRepositoriesForSecret: selectedForSecret.list,
  setRepositoriesForSecret: selectedForSecret.set,
  addRepositoryToSecret: selectedForSecret.add,
  removeRepositoryFromSecret: selectedForSecret.remove,
  listOrganizationVariables: organizationVariables.list,
  createOrganizationVariable: organizationVariables.create,
  getOrganizationVariable: organizationVariables.get,
  updateOrganizationVariable: organizationVariables.update,
  deleteOrganizationVariable: organizationVariables.remove,
  listRepositoriesForVariable: selectedForVariable.list,
  setRepositoriesForVariable: selectedForVariable.set,
  addRepositoryToVariable: selectedForVariable.add,
  removeRepositoryFromVariable: selectedForVariable.remove,
} as const
