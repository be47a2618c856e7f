import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ErrandError } from '@errand/contract'
import Fastify from 'fastify'
import { type EmbeddedForge, openForge } from '../forge.ts'
import { gitEnvironment } from '../git/environment.ts'
import { requireContract } from './contract.ts'

const run = promisify(execFile)

export interface Answer<T> {
  status: number
  headers: Headers
  text: string
  /** What the test expects of it; undefined when the answer is no JSON. */
  json: T
}

export interface TestForge extends AsyncDisposable {
  forge: EmbeddedForge
  url: string
  folder: string
  /** The first owner's. */
  token: string
  /** Calls the API as the owner, or as `token` says; null is nobody. Held against the contract. */
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
  /** Runs git as a user would, with a token if given; rejects when git does. */
  git(cwd: string, args: string[], token?: string): Promise<string>
  /** A source repository with one commit on main. */
  createSource(name: string, files?: Record<string, string>): Promise<string>
  /** A clone of a repository of the forge, as the owner. */
  clone(name: string): Promise<string>
  /** Commits files on a branch that starts at another, in a clone. */
  commit(
    checkout: string,
    branch: string,
    files: Record<string, string>,
    options?: { from?: string; message?: string },
  ): Promise<string>
  /** A user, with a token of theirs. */
  createUser(
    login: string,
    token?: Partial<Parameters<EmbeddedForge['createToken']>[0]>,
  ): Promise<{ id: number; login: string; token: string }>
}

export interface CallOptions {
  token?: string | null
  body?: unknown
  headers?: Record<string, string>
}

/** A forge on a real port, with the little around it that its routes need of a server. */
export async function openTestForge(options: { pushLimitBytes?: number } = {}): Promise<TestForge> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-forge-'))
  let url = ''
  const log = { info() {}, warn() {} }
  const dataDir = join(folder, 'data')
  const forge = await openForge({ dataDir, log, publicUrl: () => url, ...options })
  const app = await serve(forge)
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  const token = await forge.ensureSiteAdmin()
  let clones = 0

  const test: TestForge = {
    forge,
    url,
    folder,
    token,
    call: async (method, path, call = {}) => await callApi(url, method, path, { token, ...call }),
    git: runGit,
    async createSource(name, files = { 'README.md': '# Hello\n' }) {
      const source = join(folder, 'sources', name)
      await mkdir(source, { recursive: true })
      await runGit(source, ['init', '-q', '-b', 'main'])
      await writeFiles(source, files)
      await runGit(source, ['add', '-A'])
      await runGit(source, ['commit', '-qm', 'feat: begin'])
      return source
    },
    async clone(name) {
      clones += 1
      const checkout = join(folder, `clone-${clones}`)
      await runGit(folder, ['clone', '-q', `${url}/${name}.git`, checkout], token)
      return checkout
    },
    async commit(checkout, branch, files, { from = 'origin/main', message } = {}) {
      await runGit(checkout, ['checkout', '-q', '-B', branch, from])
      await writeFiles(checkout, files)
      await runGit(checkout, ['add', '-A'])
      await runGit(checkout, ['commit', '-qm', message ?? `feat: ${branch}`])
      return await runGit(checkout, ['rev-parse', 'HEAD'])
    },
    async createUser(login, tokenOptions = {}) {
      const user = await forge.createUser({ login })
      const secret = await forge.createToken({ user, kind: 'classic', ...tokenOptions })
      return { id: user.id, login, token: secret }
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return test
}

/** A server that translates errors as Errand's does, and nothing more. */
async function serve(forge: EmbeddedForge) {
  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 1000 } })
  app.setErrorHandler((error, _request, reply) => {
    const known = error instanceof ErrandError ? error : undefined
    return reply
      .code(known?.status ?? 500)
      .headers(known?.headers ?? {})
      .send({
        message: error instanceof Error ? error.message : 'unknown',
        documentation_url: 'https://docs.github.com/rest',
        ...(known !== undefined && known.errors.length > 0 ? { errors: known.errors } : {}),
      })
  })
  await app.register(forge.apiRoutes)
  await app.register(forge.gitRoutes)
  return app
}

async function callApi<T>(
  url: string,
  method: string,
  path: string,
  { token, body, headers }: CallOptions,
): Promise<Answer<T>> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(typeof token === 'string' ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  const json = isJson ? JSON.parse(text) : undefined
  if (isJson) requireContract(method, path, response.status, json)
  return { status: response.status, headers: response.headers, text, json }
}

async function runGit(cwd: string, args: string[], token?: string): Promise<string> {
  const header =
    token === undefined ? [] : ['-c', `http.extraHeader=Authorization: Bearer ${token}`]
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.com']
  const env = { ...gitEnvironment(), GIT_CONFIG_COUNT: '0' }
  const { stdout } = await run('git', [...identity, ...header, ...args], {
    cwd,
    env,
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout.trim()
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}
