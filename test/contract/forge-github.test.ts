import { join } from 'node:path'
import { type PublicKey, type RouteName, routes, taskRoutes } from '@errand/contract'
import { sealBox } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type GitHubEndpoints, startGitHubEndpoints } from '../support/github-endpoints.ts'
import { mayPush, type GitHubDouble, startBehind, startGitHub } from '../support/github-forge.ts'
import {
  administers,
  another,
  asPublicOnly,
  asReader,
  asStranger,
  asWriter,
  belongs,
  byApp,
  byPat,
  type Cells,
  everything,
  gone,
  looks,
  noBranch,
  noOrg,
  noRun,
  nothing,
  noWorkflow,
  noWrite,
  outside,
  owns,
  person,
  readsOnly,
  refusedFor,
  sees,
  tasksAlone,
  unknown,
  withoutRepo,
  withoutScope,
  yes,
} from '../support/matrix-cells.ts'
import {
  type Group,
  groups,
  kept,
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
    // A row asks for everything that changes nothing at once.
    rate_limits: { per_hour: 0, concurrent: 0 },
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
})
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
  ['alice', classic('gist', 'read:org'), shown, withoutScope(yes)],
  ['alice', classic(), closed, withoutScope(gone)],
  // gho_
  ['alice', oauth('repo'), closed, asWriter(closed)],
  ['alice', oauth('public_repo'), closed, asPublicOnly(closed)],
  ['alice', oauth(), shown, withoutScope(yes)],
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
  // Such a login is granted these, and is refused for what it is.
  const isOfTasks = /^(agent_tasks|metadata)/.test(permission)
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
    sealed: await makeValues(server, omar, where),
  }
}

/** A secret and a variable of the repository and of the organization. */
async function makeValues(server: Server, token: string, where: string): Promise<Things['sealed']> {
  const key = await ask(server, token, requestOf('getRepositoryPublicKey', nobody, where))
  const { key_id, key: publicKey } = (await key.json()) as PublicKey
  const sealed = { key_id, encrypted_value: await sealBox('v', publicKey) }
  for (const agents of [`/repos/${where}/agents`, '/orgs/acme/agents']) {
    const reach = agents.startsWith('/orgs/') ? { visibility: 'selected' } : {}
    const secret = {
      method: 'PUT',
      path: `${agents}/secrets/${kept}`,
      body: { ...sealed, ...reach },
    }
    const body = { name: kept, value: 'v', ...reach }
    const variable = { method: 'POST', path: `${agents}/variables`, body }
    expect((await ask(server, token, secret)).status).toBeOneOf([201, 204])
    // The organization's is there when the second repository's is made.
    expect((await ask(server, token, variable)).status).toBeOneOf([201, 409])
  }
  return sealed
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
  sealed: { key_id: '', encrypted_value: '' },
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
