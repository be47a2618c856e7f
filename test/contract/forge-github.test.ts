import { join } from 'node:path'
import { configurationRoutes, type RouteName, routes, webhookRoutes } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mayPush, type GitHubDouble, startBehind, startGitHub } from '../support/github-forge.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken } from '../support/test-settings.ts'

// Who may do what where GitHub is the forge: every kind of token, every operation, every access. "GitHub"
// is the embedded forge of a second Errand.

type Server = Awaited<ReturnType<typeof startBehind>>

let github: GitHubDouble
let folder: TempFolder
/** As GitHub has it, and with `allow_server_to_server`. */
let strict: Server
let open: Server

const closed = 'acme/closed'
const shown = 'acme/shown'

beforeAll(async () => {
  folder = await createTempFolder('matrix')
  github = await startGitHub()
  const { forge } = github.errand
  await github.errand.addRepository(closed)
  await github.errand.addRepository(shown)
  for (const name of [closed, shown, 'acme/other']) {
    if (name === 'acme/other') await github.errand.addRepository(name)
    await github.addMember('alice', name, 'write')
    await github.addMember('rita', name, 'read')
  }
  await github.tokenOf('stan', {})
  const setPrivate = await fetch(`${github.url}/repos/${closed}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${ownerToken}` },
    body: JSON.stringify({ private: true }),
  })
  expect(setPrivate.status).toBe(200)
  expect(forge.listRepositories().filter((one) => one.private)).toHaveLength(1)
  const settings = {
    forge: github.url,
    forge_token: ownerToken,
    automations: { token_env: 'AUTOMATIONS' },
    runner: { enabled: false },
  }
  const environment = { AUTOMATIONS: ownerToken }
  strict = await startBehind(join(folder.path, 'strict'), settings, environment)
  open = await startBehind(
    join(folder.path, 'open'),
    { ...settings, allow_server_to_server: true },
    environment,
  )
}, 120_000)
afterAll(async () => {
  await strict?.close()
  await open?.close()
  await github?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

/** Operations of which a caller may do all or none. */
const groups = {
  /** Of nobody but the caller. */
  own: [
    'listTasks',
    'listModels',
    'getUsage',
    'listAutomations',
    'listAutomationTools',
    'listAutomationTriggers',
    'listCampaigns',
  ],
  /** Of a repository, by name, by a task's id, by an automation's. */
  read: [
    'listTasksForRepo',
    'getTaskForRepo',
    'getTask',
    'listEvents',
    'getTaskDiff',
    'listAutomationsForRepo',
    'listAutomationToolsForRepo',
    'listAutomationTriggersForRepo',
    'getAutomation',
    'listAutomationTasksForRepo',
    'listAutomationTasks',
    'listAutomationRuns',
  ],
  write: [
    'createTask',
    'steerTask',
    'cancelTask',
    'updateTask',
    'archiveTask',
    'unarchiveTask',
    'openTaskPull',
    'updateAutomation',
    'runAutomation',
    'deleteAutomation',
  ],
  /** In the caller's name, later. */
  automate: ['createAutomation'],
  send: ['createCampaign', 'forecastCampaign'],
  /** A campaign of alice's, and nobody else's. */
  campaign: [
    'getCampaign',
    'listCampaignTargets',
    'pauseCampaign',
    'resumeCampaign',
    'retryCampaign',
    'cancelCampaign',
  ],
} as const satisfies Record<string, readonly RouteName[]>
type Group = keyof typeof groups

it('the groups hold every operation, once', () => {
  // What only an organization's owners may, and configurations and webhooks, have tables of their own beside their routes.
  const elsewhere = [
    ...Object.keys(configurationRoutes),
    ...Object.keys(webhookRoutes),
    'getOrganizationUsage',
  ]
  const all = Object.keys(routes).filter((name) => !elsewhere.includes(name))

  expect(Object.values(groups).flat().toSorted()).toEqual(all.toSorted())
})

// The cells: what each operation of a group is answered with. `yes` is its own success.
const yes = 'yes'
const unknown = '401 Bad credentials'
const gone = '404 Not Found'
const noScope =
  '403 This token lacks the scope repo (or public_repo, for a public repository) {repo}'
const noWrite = (name: string) => `403 You need write access to ${name} for this`
const noRun = (name: string) => `403 You need write access to ${name} to run this automation`
const byPat = '403 Resource not accessible by personal access token'
const byApp = '403 Resource not accessible by integration'
const person = '403 An automation runs in the name of a person: sign in as one to create it'
const unseen = (name: string) => `422 ${name}: there is none, or you may not see it`
const unsendable = (name: string, why: string) =>
  `422 ${name}: ${why.slice(4).replace(/ \{.*/, '')}`

const everything = { own: yes, read: yes, write: yes, automate: yes, send: yes, campaign: yes }
const nothing = (cell: string) => ({
  own: cell,
  read: cell,
  write: cell,
  automate: cell,
  send: cell,
  campaign: cell,
})
/** Somebody else, who only looks. */
const looks = (name: string) => ({
  own: yes,
  read: yes,
  write: noWrite(name),
  automate: noWrite(name),
  send: unsendable(name, noWrite(name)),
  campaign: gone,
})
const sees = (name: string, campaign = gone) => ({
  own: yes,
  read: gone,
  write: gone,
  automate: gone,
  send: unseen(name),
  campaign,
})
/** A token that reads, of somebody who writes. */
const readsOnly = (refusal: string, name: string, campaign: string = yes) => ({
  own: yes,
  read: yes,
  write: `${refusal} [contents=write]`,
  automate: `${refusal} [contents=write]`,
  send: unsendable(name, refusal),
  campaign,
})
/** What the API as such refuses, by the level of the operation. */
const refusedFor = (refusal: string) => ({
  own: `${refusal} [agent_tasks=read]`,
  read: `${refusal} [agent_tasks=read]`,
  write: `${refusal} [agent_tasks=write]`,
  automate: `${refusal} [agent_tasks=write]`,
  send: `${refusal} [agent_tasks=write]`,
  campaign: `${refusal} [agent_tasks=*]`,
})

const reading = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const
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
const past = { expires_at: '2020-01-01T00:00:00Z' }

type Row = [
  who: string,
  token: TokenOf | 'none' | 'made up' | 'revoked',
  where: string,
  cells: Record<Group, string>,
  on?: 'open',
]

const rows: Row[] = [
  // Nobody.
  ['alice', 'none', shown, nothing('401 Requires authentication')],
  ['alice', 'made up', shown, nothing(unknown)],
  ['alice', 'revoked', closed, nothing(unknown)],
  ['alice', { ...classic('repo'), ...past }, closed, nothing(unknown)],
  // ghp_
  ['alice', classic('repo'), closed, everything],
  ['alice', classic('repo', 'admin:org'), shown, everything],
  ['alice', classic('public_repo'), shown, everything],
  ['alice', classic('public_repo'), closed, sees(closed, yes)],
  ['alice', classic('gist', 'read:org'), shown, nothing(noScope)],
  ['alice', classic(), closed, nothing(noScope)],
  ['rita', classic('repo'), closed, looks(closed)],
  ['rita', classic('repo'), shown, looks(shown)],
  ['stan', classic('repo'), closed, sees(closed)],
  ['stan', classic('repo'), shown, looks(shown)],
  // gho_
  ['alice', oauth('repo'), closed, everything],
  ['alice', oauth('public_repo'), closed, sees(closed, yes)],
  ['alice', oauth(), shown, nothing(noScope)],
  ['rita', oauth('repo'), closed, looks(closed)],
  ['stan', oauth('repo'), closed, sees(closed)],
  // github_pat_
  ['alice', fine(), closed, everything],
  ['alice', fine(), shown, everything],
  ['alice', fine(reading), closed, readsOnly(byPat, closed)],
  ['alice', fine({ issues: 'write', metadata: 'read' }), shown, readsOnly(byPat, shown)],
  ['rita', fine(), closed, looks(closed)],
  ['stan', fine(), closed, sees(closed)],
  // ghu_
  ['alice', forUser(), closed, everything],
  ['alice', forUser(reading), closed, readsOnly(byApp, closed)],
  ['rita', forUser(), shown, looks(shown)],
  ['stan', forUser(), closed, sees(closed)],
  // ghs_, as GitHub
  ['alice', ghs(), closed, refusedFor(byApp)],
  ['alice', ghs(reading), shown, refusedFor(byApp)],
  // ghs_, as a service
  ['alice', ghs(), closed, { ...everything, automate: person, campaign: gone }, 'open'],
  ['alice', ghs(reading), closed, readsOnly(byApp, closed, gone), 'open'],
]

/** A path and a body for each operation, good but for what may be refused. */
function requestOf(
  name: RouteName,
  ids: { task: string; automation: string; campaign: string },
  repository: string,
): { method: string; path: string; body?: object } {
  const { method, path } = routes[name]
  const [owner = '', repo = ''] = repository.split('/')
  const values: Record<string, string> = {
    owner,
    repo,
    task_id: ids.task,
    automation_id: ids.automation,
    campaign_id: ids.campaign,
  }
  const task = { prompt: 'p', model: 'script' }
  const bodies: Partial<Record<RouteName, object>> = {
    createTask: task,
    steerTask: { content: 'go on' },
    openTaskPull: {},
    createAutomation: { ...task, name: 'Weekly' },
    updateAutomation: { name: 'Daily' },
    runAutomation: {},
    createCampaign: { ...task, targets: [{ repository }] },
    forecastCampaign: { ...task, targets: [{ repository }] },
    resumeCampaign: {},
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? key)
  const body = bodies[name]
  return { method, path: filled, ...(body === undefined ? {} : { body }) }
}

async function ask(
  server: Server,
  token: string | undefined,
  { method, path, body }: { method: string; path: string; body?: object },
): Promise<Response> {
  return await fetch(`${server.url}${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** The answer as a cell of the table: status, message, and the headers that name what is needed. */
async function cellOf(name: RouteName, response: Response): Promise<string> {
  const text = await response.text()
  // The task has pushed nothing: that is as far as its rights let anybody come.
  if (name === 'openTaskPull' && text.includes('the task has pushed no branch yet')) return yes
  const isKnown = String(response.status) in routes[name].answers
  if (response.ok) return isKnown ? yes : `${response.status}, which the contract does not know`
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

async function made(server: Server, token: string, name: RouteName, repository: string) {
  const ids = { task: '', automation: '', campaign: '' }
  const request = requestOf(name, ids, repository)
  const body = {
    ...request.body,
    ...(name === 'createAutomation' ? { owner_type: 'repository' } : {}),
  }
  const response = await ask(server, token, { ...request, body })
  expect(response.status).toBe(201)
  return ((await response.json()) as { id: string }).id
}

async function secretOf(who: string, token: Row[1]): Promise<string | undefined> {
  if (token === 'none') return undefined
  if (token === 'made up') return 'ghp_madeUpMadeUpMadeUpMadeUpMadeUp1234'
  if (token !== 'revoked') return await github.tokenOf(who, token)
  const revoked = await github.tokenOf(who, classic('repo'))
  await github.errand.forge.revokeToken(revoked)
  return revoked
}

/** What a cell means for one operation of its group. */
function expectedOf(name: RouteName, cell: string, where: string): string {
  if (name === 'runAutomation' && cell === noWrite(where)) return noRun(where)
  return cell.replace('agent_tasks=*', `agent_tasks=${routes[name].permission?.split(':')[1]}`)
}

describe('who may do what with GitHub as the forge', () => {
  const titled = rows.map((row) => {
    const [who, token, where, , on = 'strict'] = row
    const { kind, scopes, permissions, expires_at: end } = typeof token === 'string' ? {} : token
    const what =
      typeof token === 'string' ? token : `${kind} ${JSON.stringify(scopes ?? permissions)}`
    return [`${who} in ${where}, ${what}${end ? ' (expired)' : ''}, ${on}`, row] as const
  })

  it.each(titled)('%s', async (_, [who, token, where, cells, on]) => {
    const server = on === 'open' ? open : strict
    const writer = await github.tokenOf('alice', classic('repo'))
    const ids = {
      task: await made(server, writer, 'createTask', where),
      automation: await made(server, writer, 'createAutomation', where),
      campaign: await made(server, writer, 'createCampaign', where),
    }
    const secret = await secretOf(who, token)

    const seen: Record<string, string> = {}
    const wanted: Record<string, string> = {}
    for (const group of Object.keys(groups) as Group[]) {
      for (const name of groups[group]) {
        const response = await ask(server, secret, requestOf(name, ids, where))
        seen[name] = await cellOf(name, response)
        wanted[name] = expectedOf(name, cells[group], where)
      }
    }

    expect(seen).toEqual(wanted)
  })
})

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
