import { join } from 'node:path'
import { type RouteName, routes, taskRoutes } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type GitHubEndpoints, startGitHubEndpoints } from '../support/github-endpoints.ts'
import { mayPush, type GitHubDouble, startBehind, startGitHub } from '../support/github-forge.ts'
import {
  type Group,
  groups,
  type MatrixRequest,
  requestOf,
  successOf,
  type Things,
} from '../support/matrix-operations.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken } from '../support/test-settings.ts'

// Who may do what where GitHub is the forge: every kind of token, every operation, every access. "GitHub"
// is the embedded forge of a second Errand.

type Server = Awaited<ReturnType<typeof startBehind>>
type On = 'strict' | 'open' | 'workflows'

let github: GitHubDouble
let endpoints: GitHubEndpoints
let folder: TempFolder
/** As GitHub has it; with `allow_server_to_server`; with `actions_oidc`. */
let servers: Record<On, Server>

const closed = 'acme/closed'
const shown = 'acme/shown'
const audience = 'https://errand.test'
/** Everybody's role in each repository: of stan there is none. */
const members = {
  alice: 'write',
  rita: 'read',
  tim: 'triage',
  mia: 'maintain',
  ada: 'admin',
} as const

beforeAll(async () => {
  folder = await createTempFolder('matrix')
  github = await startGitHub()
  endpoints = await startGitHubEndpoints(github)
  for (const name of [closed, shown, 'acme/other']) {
    await github.errand.addRepository(name)
    for (const [login, role] of Object.entries(members)) await github.addMember(login, name, role)
  }
  for (const login of ['stan', 'omar', 'mona']) await github.tokenOf(login, {})
  await asGitHubsOwner('PUT', '/orgs/acme/memberships/omar', { role: 'admin' })
  await asGitHubsOwner('PUT', '/orgs/acme/memberships/mona', { role: 'member' })
  await asGitHubsOwner('PATCH', `/repos/${closed}`, { private: true })
  const settings = {
    forge: github.url,
    forge_token: ownerToken,
    automations: { token_env: 'AUTOMATIONS' },
    runner: { enabled: false },
    webhooks: { allow_private_addresses: true },
  }
  const start = async (name: string, more: object) =>
    await startBehind(
      join(folder.path, name),
      { ...settings, ...more },
      { AUTOMATIONS: ownerToken },
    )
  servers = {
    strict: await start('strict', {}),
    open: await start('open', { allow_server_to_server: true }),
    workflows: await start('workflows', {
      forge: endpoints.url,
      actions_oidc: { issuer: endpoints.url, audience },
    }),
  }
  const selected = [idOf(closed), idOf(shown)]
  const permissions = '/orgs/acme/copilot/coding-agent/permissions'
  for (const server of Object.values(servers)) {
    const omar = await github.tokenOf('omar', classic(...adminScopes))
    const put = async (path: string, body: object) =>
      expect((await ask(server, omar, { method: 'PUT', path, body })).status).toBe(204)
    await put(permissions, { enabled_repositories: 'selected' })
    await put(`${permissions}/repositories`, { selected_repository_ids: selected })
  }
}, 120_000)
afterAll(async () => {
  for (const server of Object.values(servers ?? {})) await server.close()
  await endpoints?.[Symbol.asyncDispose]()
  await github?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

async function asGitHubsOwner(method: string, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${ownerToken}` }
  const init = { method, headers, body: JSON.stringify(body) }
  expect((await fetch(`${github.url}${path}`, init)).status).toBe(200)
}

function idOf(name: string): number {
  const found = github.errand.forge.listRepositories().find((one) => one.full_name === name)
  return found?.id ?? 0
}

it('the groups hold every operation, once', () => {
  expect(Object.values(groups).flat().toSorted()).toEqual(Object.keys(routes).toSorted())
})

// The cells: what each operation of a group is answered with. `yes` is its own success.
const yes = 'yes'
const unknown = '401 Bad credentials'
const gone = '404 Not Found'
const noScope =
  '403 This token lacks the scope repo (or public_repo, for a public repository) {repo}'
const noWrite = (name: string) => `403 You need write access to ${name} for this`
const noRun = (name: string) => `403 You need write access to ${name} to run this automation`
const noBranch = '422 the task has pushed no branch yet; a pull request needs one'
const byPat = '403 Resource not accessible by personal access token'
const byApp = '403 Resource not accessible by integration'
const person = '403 An automation runs in the name of a person: sign in as one to create it'
const unseen = (name: string) => `422 ${name}: there is none, or you may not see it`
const unsendable = (name: string, why: string) =>
  `422 ${name}: ${why.slice(4).replace(/ \{.*/, '')}`
const noAdmin = (name: string) => `403 You must be an administrator of ${name} for this`
const noLook = (name: string) => `403 You need write access to ${name} to see its configuration`
const noOwner = '403 You must be an owner of acme for this'
const noSite = '403 Only site administrators see the whole log'
const noWorkflow = '403 A workflow that logged in by OIDC may only start and follow tasks'
const lacks = (scopes: string, first: string) =>
  `403 This token lacks the scope ${scopes} {${first}}`

type Cells = Record<Group, string>
type OfTasks = Pick<Cells, 'own' | 'read' | 'write' | 'automate' | 'send' | 'campaign'>
type OfRepository = Pick<Cells, 'configuration' | 'configure' | 'hooks'>
type OfOrganization = Pick<Cells, 'organization' | 'auditLog' | 'wholeAuditLog' | 'orgHooks'>

const everything = { own: yes, read: yes, write: yes, automate: yes, send: yes, campaign: yes }
const nothing = (cell: string): Cells => ({
  ...tasksRefused(cell),
  configuration: cell,
  configure: cell,
  hooks: cell,
  organization: cell,
  auditLog: cell,
  wholeAuditLog: cell,
  orgHooks: cell,
})
/** Somebody else, who only looks. */
const looks = (name: string): OfTasks => ({
  own: yes,
  read: yes,
  write: noWrite(name),
  automate: noWrite(name),
  send: unsendable(name, noWrite(name)),
  campaign: gone,
})
const sees = (name: string, campaign = gone): OfTasks => ({
  own: yes,
  read: gone,
  write: gone,
  automate: gone,
  send: unseen(name),
  campaign,
})
/** A token that reads, of somebody who writes. */
const readsOnly = (refusal: string, name: string, campaign: string = yes): OfTasks => ({
  own: yes,
  read: yes,
  write: `${refusal} [contents=write]`,
  automate: `${refusal} [contents=write]`,
  send: unsendable(name, refusal),
  campaign,
})
/** The same cell for all of tasks; `*` is the level of each operation. */
const tasksRefused = (cell: string): OfTasks => ({
  own: cell,
  read: cell,
  write: cell,
  automate: cell,
  send: cell,
  campaign: cell,
})
const refusedFor = (refusal: string) => tasksRefused(`${refusal} [agent_tasks=*]`)

/** What a repository's administrator, a writer, a reader and a stranger may configure in it. */
const administers: OfRepository = { configuration: yes, configure: yes, hooks: yes }
const writes = (name: string): OfRepository => ({
  configuration: yes,
  configure: noAdmin(name),
  hooks: gone,
})
const reads = (name: string): OfRepository => ({
  configuration: noLook(name),
  configure: noWrite(name),
  hooks: gone,
})
const stranger: OfRepository = { configuration: gone, configure: gone, hooks: gone }
const withoutRepo: OfRepository = {
  configuration: lacks('repo', 'repo'),
  configure: lacks('repo', 'repo'),
  hooks: lacks('admin:repo_hook or repo', 'admin:repo_hook'),
}
/** An organization's owner, a member, somebody else; and tokens that are not for it. */
const owns: OfOrganization = {
  organization: yes,
  auditLog: yes,
  wholeAuditLog: noSite,
  orgHooks: yes,
}
const belongs = {
  organization: noOwner,
  auditLog: noOwner,
  wholeAuditLog: noSite,
  orgHooks: noOwner,
}
const outside = { organization: gone, auditLog: gone, wholeAuditLog: noSite, orgHooks: gone }
const noOrg: OfOrganization = {
  organization: lacks('admin:org', 'admin:org'),
  auditLog: lacks('admin:org or read:audit_log', 'admin:org'),
  wholeAuditLog: lacks('admin:org or read:audit_log', 'admin:org'),
  orgHooks: lacks('admin:org_hook', 'admin:org_hook'),
}
/** GitHub tells nobody what such a token is granted: it is for tasks alone. */
const tasksAlone = (refusal: string): OfRepository & OfOrganization => ({
  configuration: `${refusal} [administration=*]`,
  configure: `${refusal} [administration=*]`,
  hooks: `${refusal} [repository_hooks=*]`,
  organization: `${refusal} [organization_copilot_agent_settings=*]`,
  auditLog: `${refusal} [organization_administration=*]`,
  wholeAuditLog: `${refusal} [organization_administration=*]`,
  orgHooks: `${refusal} [organization_hooks=*]`,
})
const asWriter = (name: string) => ({ ...everything, ...writes(name), ...noOrg })
const asReader = (name: string) => ({ ...looks(name), ...reads(name), ...noOrg })
const asStranger = (name: string) => ({ ...sees(name), ...stranger, ...noOrg })
const asPublicOnly = (name: string) => ({ ...sees(name, yes), ...withoutRepo, ...noOrg })
const withoutScope = { ...tasksRefused(noScope), ...withoutRepo, ...noOrg }
/** Of somebody who did not begin the campaign. */
const another = { campaign: gone }

const reading = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const
const adminScopes = ['repo', 'admin:org', 'admin:org_hook', 'admin:repo_hook']
type TokenOf = Parameters<GitHubDouble['tokenOf']>[1]
const classic = (...scopes: string[]): TokenOf => ({ kind: 'classic', scopes })
const oauth = (...scopes: string[]): TokenOf => ({ kind: 'oauth', scopes })
const fine = (permissions: TokenOf['permissions'] = mayPush): TokenOf => ({
  kind: 'fine_grained',
  permissions,
})
const forUser = (permissions: TokenOf['permissions'] = mayPush): TokenOf => ({
  kind: 'user_to_server',
  permissions,
})
const ghs = (permissions: TokenOf['permissions'] = mayPush): TokenOf => ({
  kind: 'installation',
  permissions,
})
const expired = (token: TokenOf) => ({ ...token, expires_at: '2020-01-01T00:00:00Z' })
const revoked = (token: TokenOf) => ({ ...token, isRevoked: true })
/** Of a workflow in this repository, whose claims are these. */
const oidc = (repository: string, claims: object = {}) => ({ repository, claims })

type Row = [
  who: string,
  token: (TokenOf & { isRevoked?: boolean }) | ReturnType<typeof oidc> | 'none' | 'made up',
  where: string,
  cells: Cells,
  on?: On,
]

const rows: Row[] = [
  // Nobody.
  ['alice', 'none', shown, nothing('401 Requires authentication')],
  ['alice', 'made up', shown, nothing(unknown)],
  ['alice', revoked(classic('repo')), closed, nothing(unknown)],
  ['alice', revoked(oauth('repo')), closed, nothing(unknown)],
  ['alice', revoked(fine()), closed, nothing(unknown)],
  ['alice', revoked(forUser()), closed, nothing(unknown)],
  ['alice', revoked(ghs()), closed, nothing(unknown)],
  ['alice', expired(classic('repo')), closed, nothing(unknown)],
  ['alice', expired(oauth('repo')), closed, nothing(unknown)],
  ['alice', expired(fine()), closed, nothing(unknown)],
  ['alice', expired(forUser()), closed, nothing(unknown)],
  ['alice', expired(ghs()), closed, nothing(unknown)],
  // ghp_, by role in the repository
  ['stan', classic('repo'), closed, asStranger(closed)],
  ['stan', classic('repo'), shown, asReader(shown)],
  ['rita', classic('repo'), closed, asReader(closed)],
  ['rita', classic('repo'), shown, asReader(shown)],
  ['tim', classic('repo'), closed, asReader(closed)],
  ['alice', classic('repo'), closed, asWriter(closed)],
  ['mia', classic('repo'), closed, { ...asWriter(closed), ...another }],
  ['ada', classic('repo'), closed, { ...asWriter(closed), ...administers, ...another }],
  // ghp_, by role in the organization
  ['stan', classic(...adminScopes), closed, { ...asStranger(closed), ...outside }],
  ['mona', classic(...adminScopes), closed, { ...asReader(closed), ...belongs }],
  ['omar', classic('repo'), closed, { ...asWriter(closed), ...administers, ...another }],
  ['omar', classic(...adminScopes), closed, { ...everything, ...administers, ...owns, ...another }],
  ['omar', oauth(...adminScopes), shown, { ...everything, ...administers, ...owns, ...another }],
  // ghp_, by scope
  ['alice', classic('public_repo'), shown, { ...everything, ...withoutRepo, ...noOrg }],
  ['alice', classic('public_repo'), closed, asPublicOnly(closed)],
  ['alice', classic('gist', 'read:org'), shown, withoutScope],
  ['alice', classic(), closed, withoutScope],
  // gho_
  ['alice', oauth('repo'), closed, asWriter(closed)],
  ['alice', oauth('public_repo'), closed, asPublicOnly(closed)],
  ['alice', oauth(), shown, withoutScope],
  ['rita', oauth('repo'), closed, asReader(closed)],
  ['stan', oauth('repo'), closed, asStranger(closed)],
  // github_pat_
  ['alice', fine(), closed, { ...everything, ...tasksAlone(byPat) }],
  ['alice', fine(), shown, { ...everything, ...tasksAlone(byPat) }],
  ['alice', fine(reading), closed, { ...readsOnly(byPat, closed), ...tasksAlone(byPat) }],
  [
    'alice',
    fine({ issues: 'write', metadata: 'read' }),
    shown,
    { ...readsOnly(byPat, shown), ...tasksAlone(byPat) },
  ],
  ['rita', fine(), closed, { ...looks(closed), ...tasksAlone(byPat) }],
  ['stan', fine(), closed, { ...sees(closed), ...tasksAlone(byPat) }],
  // ghu_
  ['alice', forUser(), closed, { ...everything, ...tasksAlone(byApp) }],
  ['alice', forUser(reading), closed, { ...readsOnly(byApp, closed), ...tasksAlone(byApp) }],
  ['rita', forUser(), shown, { ...looks(shown), ...tasksAlone(byApp) }],
  ['stan', forUser(), closed, { ...sees(closed), ...tasksAlone(byApp) }],
  // ghs_, as GitHub
  ['alice', ghs(), closed, { ...refusedFor(byApp), ...tasksAlone(byApp) }],
  ['alice', ghs(reading), shown, { ...refusedFor(byApp), ...tasksAlone(byApp) }],
  // ghs_, as a service
  [
    'alice',
    ghs(),
    closed,
    { ...everything, automate: person, ...another, ...tasksAlone(byApp) },
    'open',
  ],
  [
    'alice',
    ghs(reading),
    closed,
    { ...readsOnly(byApp, closed, gone), ...tasksAlone(byApp) },
    'open',
  ],
  // Workflows
  ['alice', oidc(closed), closed, { ...everything, ...tasksAlone(byApp) }, 'workflows'],
  ['rita', oidc(closed), closed, { ...looks(closed), ...tasksAlone(byApp) }, 'workflows'],
  ['alice', oidc('acme/other'), closed, { ...sees(closed), ...tasksAlone(byApp) }, 'workflows'],
  ['alice', oidc(closed, { exp: 1 }), closed, nothing(unknown), 'workflows'],
  ['alice', oidc(closed, { aud: 'https://x.test' }), closed, nothing(unknown), 'workflows'],
  [
    'alice',
    oidc(closed, { ref: 'refs/pull/7/merge' }),
    closed,
    nothing(
      '403 Workflows of the ref refs/pull/7/merge may not log in to this server (actions_oidc.refs)',
    ),
    'workflows',
  ],
  ['alice', oidc(closed), closed, nothing(unknown), 'strict'],
]

async function ask(
  server: Server,
  token: string | undefined,
  { method, path, body }: MatrixRequest,
): Promise<Response> {
  return await fetch(`${server.url}${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** The answer as a cell of the table: status, message, and the headers that name what is needed. */
async function cellOf(response: Response): Promise<string> {
  const text = await response.text()
  if (response.ok) return String(response.status)
  const { message, errors, status } = JSON.parse(text) as {
    message: string
    status: string
    errors?: { message: string }[]
  }
  expect(status).toBe(String(response.status))
  const permissions = response.headers.get('x-accepted-github-permissions')
  const scopes = response.headers.get('x-accepted-oauth-scopes')
  return [
    `${response.status} ${errors?.[0]?.message ?? message}`,
    ...(permissions === null ? [] : [`[${permissions}]`]),
    ...(scopes === null ? [] : [`{${scopes}}`]),
  ].join(' ')
}

/** What a cell means for one operation of its group. */
function expectedOf(name: RouteName, cell: string, [, token, where]: Row): string {
  const { permission } = routes[name]
  const isOfWorkflow = typeof token === 'object' && 'claims' in token
  const isOfTasks = permission.startsWith('agent_tasks')
  if (isOfWorkflow && isOfTasks && !(name in taskRoutes) && !isRefusedLogin(cell)) return noWorkflow
  if (cell === yes) return name === 'openTaskPull' ? noBranch : successOf(name)
  if (name === 'runAutomation' && cell === noWrite(where)) return noRun(where)
  return cell.replace('=*]', `=${permission.split(':')[1]}]`)
}

const isRefusedLogin = (cell: string) => cell === unknown || cell.startsWith('403 Workflows')

async function secretOf([who, token]: Row): Promise<string | undefined> {
  if (token === 'none') return undefined
  if (token === 'made up') return 'ghp_madeUpMadeUpMadeUpMadeUpMadeUp1234'
  if ('claims' in token) {
    const actor = await github.errand.forge.authenticate(await github.tokenOf(who, {}))
    return endpoints.workflowToken(audience, {
      repository: token.repository,
      repository_id: String(idOf(token.repository)),
      ref: 'refs/heads/main',
      event_name: 'workflow_dispatch',
      actor: who,
      actor_id: String(actor?.user.id),
      ...token.claims,
    })
  }
  const { isRevoked = false, ...rest } = token
  const secret = await github.tokenOf(who, rest)
  if (isRevoked) await github.errand.forge.revokeToken(secret)
  return secret
}

const work = new Map<string, Pick<Things, 'task' | 'automation' | 'campaign'>>()
const webhooks = new Map<string, Omit<Things, 'task' | 'automation' | 'campaign'>>()

/** What there is to be worked on; tasks, where a row before has changed them, are made anew. */
async function thingsOf(on: On, where: string): Promise<Things> {
  const key = `${on} ${where}`
  const ofHooks = webhooks.get(key) ?? (await makeWebhooks(servers[on], where))
  const ofTasks = work.get(key) ?? (await makeWork(servers[on], where))
  webhooks.set(key, ofHooks)
  work.set(key, ofTasks)
  return { ...ofHooks, ...ofTasks }
}

async function makeWork(server: Server, where: string) {
  const alice = await github.tokenOf('alice', classic('repo'))
  const make = (name: RouteName, more?: object) => create<string>(server, alice, name, where, more)
  return {
    task: await make('createTask'),
    automation: await make('createAutomation', { owner_type: 'repository' }),
    campaign: await make('createCampaign'),
  }
}

async function makeWebhooks(server: Server, where: string) {
  const omar = await github.tokenOf('omar', classic(...adminScopes))
  const deliveryOf = async (hooks: string, hook: number): Promise<number> => {
    const path = `${hooks}/${hook}/deliveries`
    return await eventually(
      async () => {
        const response = await ask(server, omar, { method: 'GET', path })
        const [ping] = (await response.json()) as { id: number }[]
        if (ping === undefined) throw new Error('it was told nothing yet')
        return ping.id
      },
      { what: 'the ping of a webhook' },
    )
  }
  const hook = await create<number>(server, omar, 'createRepositoryWebhook', where)
  const orgHook = await create<number>(server, omar, 'createOrganizationWebhook', where)
  return {
    hook,
    orgHook,
    delivery: await deliveryOf(`/repos/${where}/hooks`, hook),
    orgDelivery: await deliveryOf('/orgs/acme/hooks', orgHook),
    selected: [idOf(closed), idOf(shown)],
    other: idOf('acme/other'),
  }
}

async function create<Id>(
  server: Server,
  token: string,
  name: RouteName,
  where: string,
  more: object = {},
): Promise<Id> {
  const { body, ...request } = requestOf(name, nobody, where)
  const response = await ask(server, token, { ...request, body: { ...body, ...more } })
  expect(response.status).toBe(201)
  return ((await response.json()) as { id: Id }).id
}

/** Whoever is created needs none of these. */
const nobody: Things = {
  task: '',
  automation: '',
  campaign: '',
  hook: 0,
  delivery: 0,
  orgHook: 0,
  orgDelivery: 0,
  selected: [],
  other: 0,
}

describe('who may do what with GitHub as the forge', () => {
  const titled = rows.map((row) => {
    const [who, token, where, , on = 'strict'] = row
    const title = typeof token === 'string' ? token : JSON.stringify(token)
    return [`${who} in ${where}, ${title.replaceAll('"', '')}, ${on}`, row] as const
  })

  it.each(titled)('%s', async (_, row) => {
    const [, , where, cells, on = 'strict'] = row
    const secret = await secretOf(row)
    const about = { ...(await thingsOf(on, where)) }
    const seen: Record<string, string> = {}
    const wanted: Record<string, string> = {}
    let isChanged = false

    async function take(name: RouteName): Promise<void> {
      const response = await ask(servers[on], secret, requestOf(name, about, where))
      isChanged ||= response.ok && routes[name].method !== 'GET'
      if (response.ok && name === 'createRepositoryWebhook') about.hook = await idIn(response)
      if (response.ok && name === 'createOrganizationWebhook') about.orgHook = await idIn(response)
      seen[name] = await cellOf(response)
    }
    const all = (Object.keys(groups) as Group[]).flatMap((group) =>
      groups[group].map((name) => ({ name, cell: cells[group] })),
    )
    for (const { name, cell } of all) wanted[name] = expectedOf(name, cell, row)
    const isFree = ({ name }: { name: RouteName }) =>
      routes[name].method === 'GET' || wanted[name]?.startsWith('2') !== true
    // What changes nothing is asked for at once.
    await Promise.all(all.filter(isFree).map(({ name }) => take(name)))
    for (const one of all.filter((other) => !isFree(other))) await take(one.name)
    if (isChanged) work.delete(`${on} ${where}`)

    expect(seen).toEqual(wanted)
  })
})

async function idIn(response: Response): Promise<number> {
  return ((await response.clone().json()) as { id: number }).id
}

it.each(['/user', `/repos/${shown}`])(
  'the forge that stands for GitHub revalidates %s by its ETag, with the scopes of the token',
  async (path) => {
    const token = await github.tokenOf('alice', classic('repo', 'read:org'))
    const headers = { authorization: `token ${token}` }
    const first = await fetch(`${github.url}${path}`, { headers })
    const etag = first.headers.get('etag') ?? ''

    const again = await fetch(`${github.url}${path}`, {
      headers: { ...headers, 'if-none-match': etag },
    })

    expect([first.status, again.status]).toEqual([200, 304])
    expect(again.headers.get('x-oauth-scopes')).toBe('repo, read:org')
  },
)
