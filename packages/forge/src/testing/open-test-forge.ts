import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ErrandError } from '@errand/contract'
import Fastify from 'fastify'
import { type EmbeddedForge, openForge } from '../forge.ts'
import { gitEnvironment } from '../git/environment.ts'

const run = promisify(execFile)

export interface TestForge extends AsyncDisposable {
  forge: EmbeddedForge
  url: string
  folder: string
  /** The first owner's. */
  token: string
  /** Runs git as a user would, with a token if given; rejects when git does. */
  git(cwd: string, args: string[], token?: string): Promise<string>
  /** A source repository with one commit. */
  createSource(name: string, files?: Record<string, string>): Promise<string>
}

/** A forge on a real port, with the little around it that its routes need of a server. */
export async function openTestForge(): Promise<TestForge> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-forge-'))
  let url = ''
  const log = { info() {}, warn() {} }
  const forge = await openForge({ dataDir: join(folder, 'data'), log, publicUrl: () => url })
  const app = Fastify({ forceCloseConnections: true })
  app.setErrorHandler((error, _request, reply) => {
    const known = error instanceof ErrandError ? error : undefined
    return reply
      .code(known?.status ?? 500)
      .headers(known?.headers ?? {})
      .send({ message: error instanceof Error ? error.message : 'unknown' })
  })
  await app.register(forge.apiRoutes)
  await app.register(forge.gitRoutes)
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  const token = await forge.ensureSiteAdmin()

  async function git(cwd: string, args: string[], as?: string): Promise<string> {
    const header = as === undefined ? [] : ['-c', `http.extraHeader=Authorization: Bearer ${as}`]
    const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.com']
    const env = { ...gitEnvironment(), GIT_CONFIG_COUNT: '0' }
    const { stdout } = await run('git', [...identity, ...header, ...args], { cwd, env })
    return stdout.trim()
  }

  return {
    forge,
    url,
    folder,
    token,
    git,
    async createSource(name, files = { 'README.md': '# Hello\n' }) {
      const source = join(folder, 'sources', name)
      await run('git', ['init', '-q', '-b', 'main', source], { env: gitEnvironment() })
      for (const [path, text] of Object.entries(files)) {
        await run('bash', [
          '-c',
          'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"',
          '-',
          join(source, path),
          text,
        ])
      }
      await git(source, ['add', '-A'])
      await git(source, ['commit', '-qm', 'feat: begin'])
      return source
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
