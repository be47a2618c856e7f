import { createHash } from 'node:crypto'
import {
  type Caller,
  ErrandError,
  type Forge,
  type ForgePull,
  invalidField,
  type RepositoryAccess,
  type RepositoryPermission,
  type TokenKind,
} from '@errand/contract'
import { z } from 'zod'

/** How long what a token may do is believed. */
const cacheMs = 60_000

const User = z.object({
  id: z.int(),
  login: z.string(),
  type: z.enum(['User', 'Organization', 'Bot']),
})
const Repository = z.object({
  id: z.int(),
  name: z.string(),
  full_name: z.string(),
  html_url: z.string(),
  private: z.boolean(),
  default_branch: z.string(),
  archived: z.boolean().default(false),
  owner: z.object({ id: z.int(), login: z.string(), type: z.enum(['User', 'Organization']) }),
  permissions: z.record(z.string(), z.boolean()).default({}),
})
const Pull = z.object({
  id: z.int(),
  number: z.int(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  title: z.string(),
  body: z.string().nullable().default(''),
  draft: z.boolean().default(false),
  merged_at: z.string().nullable().default(null),
  head: z.object({
    ref: z.string(),
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
  base: z.object({ ref: z.string() }),
  user: z.object({ login: z.string() }).nullable(),
})

const Permission = z.object({ permission: z.string(), role_name: z.string().optional() })

/**
 * A GitHub host as the forge, asked through its REST API with the caller's own token: GitHub decides
 * who may see and do what. A token's user is believed for a minute.
 */
export function createGitHubForge(options: {
  apiUrl: string
  /** What work in a user's name, without a token of theirs, is asked with. Default: there is none. */
  automationToken?: string
}): Forge {
  const callers = new Map<string, { caller: Caller; until: number }>()
  const ask = askerOf(options.apiUrl.replace(/\/+$/, ''))

  return {
    async authenticate(token) {
      const hash = createHash('sha256').update(token).digest('hex')
      const known = callers.get(hash)
      if (known !== undefined && known.until > Date.now()) return known.caller
      const response = await ask(token, '/user')
      if (response.status === 401) return undefined
      const user = await readJson(response, User)
      const caller = callerOf(token, hash, user, response.headers)
      if (callers.size > 10_000) callers.clear()
      callers.set(hash, { caller, until: Date.now() + cacheMs })
      return caller
    },
    actFor: async ({ id }) => await actFor(ask, options.automationToken, id),
    repository: async (caller, { owner, repo }) =>
      await findRepository(
        ask,
        caller,
        `/repos/${segment(owner)}/${segment(repo)}`,
        `${owner}/${repo}`,
      ),
    repositoryById: async (caller, id) => await findRepository(ask, caller, `/repositories/${id}`),
    async branchExists(caller, repository, branch) {
      const path = `/repos/${repository.full_name}/branches/${segment(branch)}`
      return await isFound(await ask(caller.secret, path))
    },
    async readFile(caller, repository, branch, path) {
      const file = path.split('/').map(segment).join('/')
      const url = `/repos/${repository.full_name}/contents/${file}?ref=${segment(branch)}`
      const accept = 'application/vnd.github.raw+json'
      const response = await ask(caller.secret, url, { headers: { accept } })
      return (await isFound(response)) ? await response.text() : undefined
    },
    ...pullAnswers(ask),
    async diff(caller, repository, base, head, limitBytes) {
      const path = `/repos/${repository.full_name}/compare/${segment(base)}...${segment(head)}`
      const accept = 'application/vnd.github.diff'
      const response = await ask(caller.secret, path, { headers: { accept } })
      if (!(await isFound(response))) return ''
      const text = await response.text()
      return text.length > limitBytes ? `${text.slice(0, limitBytes)}\n[cut]\n` : text
    },
  }
}

type Ask = (token: string, path: string, init?: RequestInit) => Promise<Response>

function pullAnswers(ask: Ask): Pick<Forge, 'openPull' | 'openPulls' | 'pull' | 'changePull'> {
  return {
    async openPull(caller, repository, pull) {
      const head = `${repository.owner.login}:${pull.head}`
      const path = `/repos/${repository.full_name}/pulls`
      const query = new URLSearchParams({ head, base: pull.base, state: 'open' })
      const open = await readJson(
        await ask(caller.secret, `${path}?${query.toString()}`),
        z.array(Pull),
      )
      if (open[0] !== undefined) return presentPull(open[0])
      const body = JSON.stringify(pull)
      return presentPull(
        await readJson(await ask(caller.secret, path, { method: 'POST', body }), Pull),
      )
    },
    async openPulls(caller, repository, base) {
      const found: ForgePull[] = []
      for (let page = 1; ; page += 1) {
        const query = new URLSearchParams({ state: 'open', base, per_page: '100', page: `${page}` })
        const path = `/repos/${repository.full_name}/pulls?${query.toString()}`
        const pulls = await readJson(await ask(caller.secret, path), z.array(Pull))
        found.push(...pulls.filter((pull) => isOwn(pull, repository)).map(presentPull))
        if (pulls.length < 100) return found
      }
    },
    async pull(caller, repository, number) {
      const response = await ask(caller.secret, `/repos/${repository.full_name}/pulls/${number}`)
      return response.status === 404 ? undefined : presentPull(await readJson(response, Pull))
    },
    async changePull(caller, repository, number, change) {
      const pulls = `/repos/${repository.full_name}/pulls/${number}`
      const labels = `/repos/${repository.full_name}/issues/${number}/labels`
      const isTitle = 'title' in change
      const path = isTitle ? pulls : 'labels' in change ? labels : `${pulls}/requested_reviewers`
      const response = await ask(caller.secret, path, {
        method: isTitle ? 'PATCH' : 'POST',
        body: JSON.stringify(change),
      })
      if (response.status === 422) {
        const [field = ''] = Object.keys(change)
        throw invalidField(field, 'the forge refuses it', 'PullRequest')
      }
      if (!response.ok) throw await upstreamError(response)
    },
  }
}

function askerOf(apiUrl: string): Ask {
  return async (token, path, init = {}) => {
    const headers = new Headers({
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'errand',
      'x-github-api-version': '2022-11-28',
    })
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
    const signal = AbortSignal.timeout(10_000)
    try {
      return await fetch(`${apiUrl}${path}`, { ...init, headers, signal })
    } catch (cause) {
      throw new ErrandError('bad_upstream', { message: 'The forge cannot be reached', cause })
    }
  }
}

async function findRepository(ask: Ask, caller: Caller, path: string, asked?: string) {
  const response = await ask(caller.secret, path)
  if (response.status === 404) return undefined
  const found = await readJson(response, Repository)
  const permission = caller.isOnBehalf
    ? await permissionByName(ask, caller, found.full_name)
    : permissionOf(found.permissions)
  if (permission === undefined) return undefined
  const renamed = asked !== undefined && found.full_name.toLowerCase() !== asked.toLowerCase()
  return { ...found, permission, renamed }
}

/** What GitHub says a user may do, to who is not the user; undefined when that is nothing. */
async function permissionByName(ask: Ask, caller: Caller, fullName: string) {
  const path = `/repos/${fullName}/collaborators/${segment(caller.user.login)}/permission`
  const response = await ask(caller.secret, path)
  if (response.status === 404) return undefined
  const { permission, role_name: role } = await readJson(response, Permission)
  return levels.find((level) => level === role) ?? levels.find((level) => level === permission)
}

async function actFor(
  ask: Ask,
  automationToken: string | undefined,
  id: number,
): Promise<Caller | undefined> {
  if (automationToken === undefined) {
    throw new ErrandError('forbidden', {
      message:
        'This server cannot run automations: its settings name no token for them (automations.token_env)',
    })
  }
  // By id: a name that somebody gave up may be another's now.
  const response = await ask(automationToken, `/user/${id}`)
  if (response.status === 404) return undefined
  const user = await readJson(response, User)
  const token = {
    hash: `account ${id}`,
    scopes: [],
    permissions: { agent_tasks: 'write' as const },
  }
  return {
    user,
    token: { kind: 'user_to_server', ...token },
    secret: automationToken,
    isSiteAdmin: false,
    isOnBehalf: true,
  }
}

const tokenKinds: [string, TokenKind][] = [
  ['github_pat_', 'fine_grained'],
  ['gho_', 'oauth'],
  ['ghu_', 'user_to_server'],
  ['ghs_', 'installation'],
]

function callerOf(
  token: string,
  hash: string,
  user: z.infer<typeof User>,
  headers: Headers,
): Caller {
  const kind = tokenKinds.find(([prefix]) => token.startsWith(prefix))?.[1] ?? 'classic'
  const scopes = (headers.get('x-oauth-scopes') ?? '').split(/,\s*/).filter(Boolean)
  const expiresAt = headers.get('github-authentication-token-expiration')
  return {
    user,
    token: {
      kind,
      hash,
      scopes,
      // GitHub does not tell what a fine-grained token may do; it will refuse what it may not.
      permissions: { agent_tasks: 'write' },
      ...(expiresAt === null ? {} : { expires_at: expiresAt }),
    },
    secret: token,
    isSiteAdmin: false,
  }
}

const levels: RepositoryPermission[] = ['admin', 'maintain', 'write', 'triage', 'read']

/** GitHub says `push` and `pull` where the levels are called write and read. */
function permissionOf(permissions: Record<string, boolean>): RepositoryPermission {
  const names: Record<string, boolean> = { ...permissions, write: permissions['push'] ?? false }
  return levels.find((level) => names[level]) ?? 'read'
}

/** A fork's branch may have any name, and its pull request any text. */
function isOwn({ head }: z.infer<typeof Pull>, repository: RepositoryAccess): boolean {
  return head.repo?.full_name.toLowerCase() === repository.full_name.toLowerCase()
}

function presentPull(pull: z.infer<typeof Pull>): ForgePull {
  const { id, number, html_url, state, title, draft } = pull
  return {
    id,
    number,
    html_url,
    state,
    title,
    body: pull.body ?? '',
    draft,
    merged: pull.merged_at !== null,
    head: pull.head.ref,
    base: pull.base.ref,
    author: pull.user?.login ?? 'ghost',
  }
}

/** True for 2xx, false for 404; anything else is the forge's failure. */
async function isFound(response: Response): Promise<boolean> {
  if (response.ok) return true
  if (response.status === 404) return false
  throw await upstreamError(response)
}

async function readJson<T extends z.ZodType>(response: Response, schema: T): Promise<z.infer<T>> {
  if (!response.ok) throw await upstreamError(response)
  const parsed = schema.safeParse(await response.json())
  if (parsed.success) return parsed.data
  throw new ErrandError('bad_upstream', { cause: parsed.error })
}

/** What GitHub refuses is passed on: it is about the caller's own token. */
async function upstreamError(response: Response): Promise<ErrandError> {
  const text = await response.text()
  const [, message = ''] = /"message"\s*:\s*"([^"\\]{1,300})"/.exec(text) ?? []
  if (response.status === 403)
    return new ErrandError('forbidden', message === '' ? {} : { message })
  if (response.status === 401) return new ErrandError('bad_credentials')
  return new ErrandError('bad_upstream', {
    message: `The forge answered ${response.status}${message === '' ? '' : `: ${message}`}`,
  })
}

const segment = encodeURIComponent
