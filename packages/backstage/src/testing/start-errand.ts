import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient, Settings } from '@errand/contract'
import { createLog, startServer } from 'errand'

export interface Errand extends AsyncDisposable {
  url: string
  token: string
  client: Client
  /** Makes a repository with a first commit. */
  addRepository(fullName: string): Promise<void>
}

const token = 'ghp_0123456789ownerOwnerOwnerOwnerOwner'

/** The whole of Errand, with its forge and its runner, as `errand serve` starts it. */
export async function startErrand(): Promise<Errand> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-backstage-'))
  const settings = Settings.parse({
    port: 0,
    data: join(folder, 'data'),
    admin_token: token,
    rate_limits: { per_hour: 0 },
    sandbox: { memory_mb: 1024 },
  })
  const log = createLog('error', {
    write: () => undefined,
    isInteractive: false,
    paint: (_, text) => text,
  })
  const server = await startServer(settings, {}, log)
  return {
    url: server.url,
    token,
    client: createClient({ baseUrl: server.url, token }),
    async addRepository(fullName) {
      const source = join(folder, 'sources', fullName)
      createRepository(source)
      await server.forge?.importRepository(source, fullName, {})
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function createRepository(folder: string): void {
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
    execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: 'ignore' })
  }
  mkdirSync(folder, { recursive: true })
  git('init', '--quiet', '--initial-branch=main')
  writeFileSync(join(folder, 'Makefile'), 'test:\n\ttrue\n')
  git('add', '--all')
  git('commit', '--quiet', '--message=feat: begin')
}
