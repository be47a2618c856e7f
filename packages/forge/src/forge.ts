import { join } from 'node:path'
import { type Forge, type ForgePull, type RepositoryPermission } from '@errand/contract'
import type { FastifyPluginAsync } from 'fastify'
import type { ForgeContext } from './context.ts'
import { mergeBase } from './git/commits.ts'
import { unifiedDiff } from './git/diff.ts'
import { gitMaybe } from './git/git.ts'
import { resolveBranch } from './git/refs.ts'
import { findRepository, fullName, ownerOf, presentAccess } from './identity/access.ts'
import { createAccount, findAccount } from './identity/accounts.ts'
import { authenticate, createToken, type NewToken, revokeToken } from './identity/tokens.ts'
import { importRepository, type ImportOptions } from './import/import-repository.ts'
import type { Log } from './log.ts'
import { openPull } from './pulls.ts'
import {
  type Account,
  openRecords,
  type Pull,
  type Records,
  type Repository,
} from './records/records.ts'
import { createRepository, type NewRepository } from './repositories.ts'
import { apiRoutes } from './routes/api-routes.ts'
import { gitRoutes } from './routes/git-routes.ts'

export interface EmbeddedForge extends Forge {
  apiRoutes: FastifyPluginAsync
  gitRoutes: FastifyPluginAsync
  /** Sees to the first owner, and to a token of theirs: the one given, or a new one. Returns it. */
  ensureSiteAdmin(token?: string): Promise<string>
  createUser(input: { login: string; site_admin?: boolean }): Promise<Account>
  createOrganization(input: { login: string; admins: number[] }): Promise<Account>
  createRepository(input: Omit<NewRepository, 'owner'> & { owner: string }): Promise<Repository>
  /** Copies a folder or URL into a new repository `owner/name`; its owner is made where missing. */
  importRepository(source: string, name: string, options?: ImportOptions): Promise<Repository>
  listRepositories(): { id: number; full_name: string; private: boolean; default_branch: string }[]
  addCollaborator(name: string, userId: number, permission: RepositoryPermission): Promise<void>
  /** Makes a token and returns it, this once. */
  createToken(input: NewToken): Promise<string>
  revokeToken(secret: string): Promise<void>
  /** What the runner clones, pushes and opens pull requests with; new at each start, kept nowhere. */
  runnerToken(): string
}

const ownerLogin = 'owner'
const botLogin = 'errand[bot]'

/**
 * Opens the forge that comes with Errand, in `<dataDir>/forge`. The data folder must be this
 * process's alone: the store's lock sees to it.
 */
export async function openForge(options: {
  dataDir: string
  log: Log
  publicUrl: () => string
}): Promise<EmbeddedForge> {
  const records = await openRecords(join(options.dataDir, 'forge'))
  const context: ForgeContext = {
    records,
    log: options.log,
    publicUrl: options.publicUrl,
    inTurn: createTurns(),
  }
  const bot =
    findAccount(records, botLogin) ??
    (await createAccount(records, { login: botLogin, type: 'Bot' }))
  const botToken = await renewBotToken(records, bot)
  return {
    ...answersOf(context),
    apiRoutes: apiRoutes(context),
    gitRoutes: gitRoutes(context),
    ensureSiteAdmin: async (token) => await ensureSiteAdmin(records, token),
    createUser: async (input) => await createAccount(records, { ...input, type: 'User' }),
    createOrganization: async (input) =>
      await createAccount(records, { ...input, type: 'Organization' }),
    async createRepository(input) {
      const owner = findAccount(records, input.owner)
      if (owner === undefined) throw new TypeError(`there is no account ${input.owner}`)
      return await createRepository(records, { ...input, owner })
    },
    async importRepository(source, name, importOptions = {}) {
      const admin = findAccount(records, ownerLogin)
      return await importRepository(records, source, name, {
        ...(admin === undefined ? {} : { admin }),
        ...importOptions,
      })
    },
    listRepositories: () =>
      records.repositories.values().map((item) => ({
        id: item.id,
        full_name: fullName(records, item),
        private: item.private,
        default_branch: item.default_branch,
      })),
    async addCollaborator(name, userId, permission) {
      const [owner = '', repo = ''] = name.split('/')
      const found = findRepository(records, { owner, repo })
      if (found === undefined) throw new TypeError(`there is no repository ${name}`)
      const { repository } = found
      const collaborators = { ...repository.collaborators, [userId]: permission }
      await records.repositories.put(String(repository.id), { ...repository, collaborators })
    },
    createToken: async (input) => await createToken(records, input),
    revokeToken: async (secret) => await revokeToken(records, secret),
    runnerToken: () => botToken,
  }
}

/** What the server asks, answered from the records. */
function answersOf(context: ForgeContext): Forge {
  const { records } = context
  const gitDirOf = (repository: { id: number }) => records.gitFolder(repository.id)
  const recordOf = (id: number): Repository => {
    const record = records.repositories.get(String(id))
    if (record === undefined) throw new Error(`repository ${id} is gone`)
    return record
  }
  return {
    authenticate: async (token) => authenticate(records, token),
    repository: async (caller, name) =>
      presentAccess(records, caller, findRepository(records, name)),
    async repositoryById(caller, id) {
      const repository = records.repositories.get(String(id))
      const found = repository === undefined ? undefined : { repository, renamed: false }
      return presentAccess(records, caller, found)
    },
    branchExists: async (_caller, repository, branch) =>
      (await resolveBranch(gitDirOf(repository), branch)) !== undefined,
    async readFile(_caller, repository, branch, path) {
      const commit = await resolveBranch(gitDirOf(repository), branch)
      if (commit === undefined) return undefined
      return await gitMaybe(['cat-file', 'blob', `${commit}:${path}`], {
        gitDir: gitDirOf(repository),
      })
    },
    async openPull(_caller, repository, pull) {
      const record = recordOf(repository.id)
      const { pulls } = await records.of(record)
      const open = pulls
        .values()
        .find((item) => item.state === 'open' && item.head === pull.head && item.base === pull.base)
      const bot = findAccount(records, botLogin) ?? ownerOf(records, record)
      const opened = open ?? (await openPull(context, record, bot, pull))
      return presentForgePull(context, repository.full_name, opened)
    },
    async pull(_caller, repository, number) {
      const { pulls } = await records.of(recordOf(repository.id))
      const found = pulls.get(String(number))
      return found && presentForgePull(context, repository.full_name, found)
    },
    async diff(_caller, repository, base, head, limitBytes) {
      const gitDir = gitDirOf(repository)
      const [from, to] = [await resolveBranch(gitDir, base), await resolveBranch(gitDir, head)]
      if (from === undefined || to === undefined) return ''
      const parted = (await mergeBase(gitDir, from, to)) ?? from
      return await unifiedDiff(gitDir, parted, to, limitBytes)
    },
  }
}

function presentForgePull(context: ForgeContext, name: string, pull: Pull): ForgePull {
  const { number, state, title, draft, head, base } = pull
  return {
    id: number,
    number,
    html_url: `${context.publicUrl()}/${name}/pull/${number}`,
    state,
    title,
    body: pull.body ?? '',
    draft,
    merged: pull.merged_at !== null,
    head,
    base,
    author: context.records.accounts.get(String(pull.user_id))?.login ?? 'ghost',
  }
}

/** The token given, or a new one: the forge cannot show an old one again, it has only its hash. */
async function ensureSiteAdmin(records: Records, token?: string): Promise<string> {
  const owner =
    findAccount(records, ownerLogin) ??
    (await createAccount(records, { login: ownerLogin, type: 'User', site_admin: true }))
  return await createToken(records, {
    user: owner,
    kind: 'classic',
    scopes: ['repo', 'admin:org', 'user', 'workflow'],
    ...(token === undefined ? {} : { secret: token }),
  })
}

/** The bot has one token at a time: those of earlier starts end here. */
async function renewBotToken(records: Records, bot: Account): Promise<string> {
  for (const token of records.tokens.values()) {
    if (token.user_id === bot.id) await records.tokens.delete(token.hash)
  }
  return await createToken(records, {
    user: bot,
    kind: 'installation',
    permissions: { contents: 'write', pull_requests: 'write', issues: 'write', metadata: 'read' },
  })
}

function createTurns(): ForgeContext['inTurn'] {
  const last = new Map<number, Promise<unknown>>()
  return (id, work) => {
    const done = (last.get(id) ?? Promise.resolve()).then(work, work)
    last.set(
      id,
      done.catch(() => undefined),
    )
    return done
  }
}
