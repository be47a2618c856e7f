import { type RepositoryPermission, Settings, type TokenKind } from '@errand/contract'
import { createLog, startServer } from 'errand'
import { fillDataFolder } from './fill-data-folder.ts'
import { type Errand, startErrand } from './start-errand.ts'
import { neverKilled, settingsFor, type TestSettings } from './test-settings.ts'

/** A second Errand, whose embedded forge stands for GitHub. */
export interface GitHubDouble extends AsyncDisposable {
  url: string
  errand: Errand
  /** Somebody with this right in the repository, made where they are not there yet. */
  addMember(login: string, repository: string, permission?: RepositoryPermission): Promise<void>
  tokenOf(login: string, token: TokenOf): Promise<string>
}

export interface TokenOf {
  kind?: TokenKind
  scopes?: string[]
  permissions?: Record<string, 'read' | 'write'>
  repository_ids?: number[]
  expires_at?: string
}

/** What a token has to be granted on GitHub for work to be done with it. */
export const mayPush = {
  agent_tasks: 'write',
  contents: 'write',
  pull_requests: 'write',
  metadata: 'read',
} as const

export async function startGitHub(settings: TestSettings = {}): Promise<GitHubDouble> {
  const errand = await startErrand({ settings: { runner: { enabled: false }, ...settings } })
  const accounts = new Map<string, { id: number }>()

  async function account(login: string): Promise<{ id: number }> {
    const known = accounts.get(login) ?? (await errand.forge.createUser({ login }))
    accounts.set(login, known)
    return known
  }
  return {
    url: errand.url,
    errand,
    async addMember(login, repository, permission = 'write') {
      await errand.forge.addCollaborator(repository, (await account(login)).id, permission)
    },
    async tokenOf(login, { kind = 'classic', ...rest }) {
      return await errand.forge.createToken({ user: await account(login), kind, ...rest })
    },
    [Symbol.asyncDispose]: () => errand[Symbol.asyncDispose](),
  }
}

/** An Errand in this process whose forge is elsewhere. */
export async function startBehind(
  dataDir: string,
  settings: TestSettings,
  environment: Record<string, string> = {},
) {
  const log: string[] = []
  const write = (line: string): void => void log.push(line)
  const logger = createLog('debug', { write, isInteractive: false, paint: (_, text) => text })
  const parsed = Settings.parse(settingsFor(dataDir, { settings: neverKilled(settings) }))
  if (parsed.database_url === undefined) fillDataFolder(dataDir)
  const server = await startServer(parsed, environment, logger)
  return { ...server, log, [Symbol.asyncDispose]: server.close }
}
