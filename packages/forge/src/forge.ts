import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import type { DeviceLogin, Forge, RepositoryPermission } from '@errand/contract'
import type { FastifyPluginAsync } from 'fastify'
import { answersOf } from './answers.ts'
import type { ForgeContext } from './context.ts'
import { startAnnouncing } from './events/announce.ts'
import { removeLeftovers, startTidying } from './git/tidy.ts'
import { findRepository, fullName } from './identity/access.ts'
import { createAccount, findAccount, setMember } from './identity/accounts.ts'
import { ensureSiteAdmin, ownerLogin, renewBotToken } from './identity/first-accounts.ts'
import { createDeviceLogin, sweepDeviceCodes } from './identity/device-login.ts'
import { startSweeping, sweepExpiredTokens } from './identity/expired-tokens.ts'
import { createTokenUse } from './identity/token-use.ts'
import { completeTokens, createToken, type NewToken, revokeToken } from './identity/tokens.ts'
import type { Log } from './log.ts'
import { lockFolder } from './records/lock.ts'
import { type Account, openRecords, type Repository } from './records/records.ts'
import { createRepository, type NewRepository } from './repositories/create-repository.ts'
import { importRepository, type ImportOptions } from './repositories/import-repository.ts'
import { apiRoutes } from './routes/api-routes.ts'
import { gitRoutes } from './routes/git-routes.ts'
import { createTurns } from './turns.ts'

export interface EmbeddedForge extends Forge, AsyncDisposable {
  apiRoutes: FastifyPluginAsync
  deviceLogin: DeviceLogin
  /** The server that mounts them closes the forge when it is closed itself. */
  gitRoutes: FastifyPluginAsync
  /** Sees to the first owner, and to a token of theirs: the one given, or a new one. Returns it. */
  ensureSiteAdmin(token?: string): Promise<string>
  createUser(input: { login: string; site_admin?: boolean }): Promise<Account>
  createOrganization(input: { login: string; admins: number[] }): Promise<Account>
  /** Gives a user a role in an organization, or takes it with `undefined`. */
  setMember(login: string, userId: number, role: 'member' | 'admin' | undefined): Promise<void>
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
  /** Tells who listens what happens in repositories from now on, until the forge is closed. Once only. */
  announce(): Promise<void>
  /** Ends what is still at work and gives the folder up. */
  close(): Promise<void>
}

export interface OpenForgeOptions {
  dataDir: string
  log: Log
  publicUrl: () => string
  /** Largest push taken, in bytes. Default 2 GiB, GitHub's limit. */
  pushLimitBytes?: number
}

/**
 * Opens the forge that comes with Errand, in `<dataDir>/forge`.
 *
 * @throws Error when another process has it open.
 */
export async function openForge(options: OpenForgeOptions): Promise<EmbeddedForge> {
  const folder = join(options.dataDir, 'forge')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(folder)
  try {
    return await openLocked(folder, options, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(
  folder: string,
  options: OpenForgeOptions,
  lock: { release(): void },
): Promise<EmbeddedForge> {
  const records = await openRecords(folder)
  for (const { id } of records.repositories.values()) await removeLeftovers(records.gitFolder(id))
  await completeTokens(records)
  const sweeping = await startSweeping(async () => {
    await sweepExpiredTokens(records)
    await sweepDeviceCodes(records)
  }, options.log)
  const tokenUse = createTokenUse(records, options.log)
  const tidying = startTidying(records.gitFolder, options.log)
  const context: ForgeContext = {
    records,
    tokenUse,
    log: options.log,
    publicUrl: options.publicUrl,
    listeners: [],
    inTurn: createTurns(),
    mergeability: new Map(),
    tidy: tidying.tidy,
    pushLimitBytes: options.pushLimitBytes ?? 2 * 1024 ** 3,
  }
  const botToken = await renewBotToken(records)
  let announcing: { close(): Promise<void> } | undefined
  async function close(): Promise<void> {
    await announcing?.close()
    await tidying.close()
    await sweeping.close()
    await tokenUse.close()
    lock.release()
  }
  return {
    ...answersOf(context),
    ...administrationOf(context),
    apiRoutes: apiRoutes(context),
    deviceLogin: createDeviceLogin(context),
    gitRoutes: gitRoutes(context, close),
    runnerToken: () => botToken,
    async announce() {
      announcing = await startAnnouncing(context)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What the operator's commands and the tests do, past all permissions. */
function administrationOf({ records }: ForgeContext) {
  function requireAccount(login: string): Account {
    const account = findAccount(records, login)
    if (account === undefined) throw new TypeError(`there is no account ${login}`)
    return account
  }
  return {
    ensureSiteAdmin: async (token?: string) => await ensureSiteAdmin(records, token),
    createUser: async (input: { login: string; site_admin?: boolean }) =>
      await createAccount(records, { ...input, type: 'User' }),
    createOrganization: async (input: { login: string; admins: number[] }) =>
      await createAccount(records, { ...input, type: 'Organization' }),
    async setMember(login: string, userId: number, role: 'member' | 'admin' | undefined) {
      await setMember(records, requireAccount(login), userId, role)
    },
    createRepository: async (input: Omit<NewRepository, 'owner'> & { owner: string }) =>
      await createRepository(records, { ...input, owner: requireAccount(input.owner) }),
    async importRepository(source: string, name: string, options: ImportOptions = {}) {
      const admin = findAccount(records, ownerLogin)
      return await importRepository(records, source, name, {
        ...(admin === undefined ? {} : { admin }),
        ...options,
      })
    },
    listRepositories: () =>
      records.repositories.values().map((item) => ({
        id: item.id,
        full_name: fullName(records, item),
        private: item.private,
        default_branch: item.default_branch,
      })),
    async addCollaborator(name: string, userId: number, permission: RepositoryPermission) {
      const [owner = '', repo = ''] = name.split('/')
      const found = findRepository(records, { owner, repo })
      if (found === undefined) throw new TypeError(`there is no repository ${name}`)
      await records.repositories.update(String(found.repository.id), (item) => ({
        ...item,
        collaborators: { ...item.collaborators, [userId]: permission },
      }))
    },
    createToken: async (input: NewToken) => await createToken(records, input),
    revokeToken: async (secret: string) => await revokeToken(records, secret),
  }
}
