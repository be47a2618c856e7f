import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

/** The few calls of GitHub's REST API that a runner makes, and git over HTTP, on one repository. */
export interface TestForge extends AsyncDisposable {
  url: string
  token: string
  fullName: string
  /** The bare repository, as the forge has it. */
  gitDir: string
  pulls: TestPull[]
  comments: { issue: number; body: string }[]
  /** Files of other repositories, by their names. Each state of them that was asked for stays as a commit. */
  shared: Record<string, Record<string, string>>
  /** What was asked of it: method, path and authorization. */
  requests: { method: string; path: string; authorization: string | undefined }[]
  /** Answers instead of the forge, where it gives a status. */
  refuse: (method: string, path: string) => { status: number; message: string } | undefined
  /** What it knows beside what a runner needs, by path; asked with the right token only. */
  knows: (url: URL) => object | undefined
  git(...args: string[]): Promise<string>
  /** A commit on a branch, made from the branch's present files with these changed. A new branch begins at main. */
  commit(branch: string, files: Record<string, TestFile>, message?: string): Promise<string>
}

/** What a file holds, or where a link points to; null removes it. */
export type TestFile = string | { link: string } | null

export interface TestPull {
  id: number
  number: number
  state: string
  title: string
  body: string
  draft: boolean
  head: string
  base: string
  html_url: string
}

export const repositoryId = 7
export const ownerId = 1
const run = promisify(execFile)
const cleanGit = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
}

export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd, env: cleanGit, maxBuffer: 64 * 1024 * 1024 })
  return stdout.trimEnd()
}

/** @param folder is made, and everything of the forge is in it */
export async function startTestForge(folder: string): Promise<TestForge> {
  const gitDir = join(folder, 'acme', 'sums.git')
  const checkout = join(folder, 'checkout')
  await mkdir(gitDir, { recursive: true })
  await git(gitDir, 'init', '--quiet', '--bare', '--initial-branch=main')
  await git(gitDir, 'config', 'http.receivepack', 'true')
  await git(folder, 'clone', '--quiet', gitDir, checkout)
  const server = createServer((request, response) => void answer(forge, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // It listens on TCP: its address has a port.
  const { port } = server.address() as AddressInfo
  const forge: TestForge = {
    url: `http://127.0.0.1:${port}`,
    token: 'token-of-the-runner',
    fullName: 'acme/sums',
    gitDir,
    pulls: [],
    comments: [],
    shared: {},
    requests: [],
    refuse: () => undefined,
    knows: () => undefined,
    git: (...args) => git(gitDir, ...args),
    async commit(branch, files, message = 'Change files') {
      await git(checkout, 'fetch', '--quiet', 'origin')
      const known = await git(checkout, 'branch', '--remotes', '--list', `origin/${branch}`)
      const start = known === '' ? (branch === 'main' ? [] : ['origin/main']) : [`origin/${branch}`]
      await git(checkout, 'checkout', '--quiet', '--no-track', '-B', branch, ...start, '--')
      for (const [path, content] of Object.entries(files)) await put(join(checkout, path), content)
      await git(checkout, 'add', '--all')
      await git(checkout, 'commit', '--quiet', '--allow-empty', '--message', message)
      await git(checkout, 'push', '--quiet', 'origin', branch)
      return await git(checkout, 'rev-parse', 'HEAD')
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
  await forge.commit('main', { 'README.md': '# Sums\n', 'src/sum.js': 'export {}\n' }, 'Begin')
  return forge
}

async function put(path: string, content: TestFile): Promise<void> {
  await rm(path, { recursive: true, force: true })
  if (content === null) return
  await mkdir(dirname(path), { recursive: true })
  if (typeof content === 'string') await writeFile(path, content)
  else await symlink(content.link, path)
}

async function answer(
  forge: TestForge,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request
  const path = url.replace(/\?.*/, '')
  forge.requests.push({ method, path, authorization: headers.authorization })
  const refusal = forge.refuse(method, path)
  if (refusal !== undefined) {
    request.resume()
    send(response, refusal.status, { message: refusal.message })
  } else if (path.startsWith(`/${forge.fullName}.git/`)) {
    serveGit(forge, request, response)
  } else {
    await serveRest(forge, request, response)
  }
}

async function serveRest(
  forge: TestForge,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', forge.url)
  if (request.headers.authorization !== `token ${forge.token}`) {
    send(response, 401, { message: 'Bad credentials' })
  } else if (forge.knows(url) !== undefined) {
    send(response, 200, forge.knows(url))
  } else if (url.pathname === `/repositories/${repositoryId}`) {
    const [owner, name] = forge.fullName.split('/')
    const { fullName: full_name } = forge
    send(response, 200, {
      id: repositoryId,
      name,
      full_name,
      default_branch: 'main',
      private: false,
      owner: { id: ownerId, login: owner },
    })
  } else if (url.pathname === `/repos/${forge.fullName}/pulls` && request.method === 'GET') {
    const [, head] = (url.searchParams.get('head') ?? '').split(':')
    const state = url.searchParams.get('state')
    const found = forge.pulls.filter(
      (pull) => pull.head === head && (state === 'all' || pull.state === state),
    )
    send(response, 200, found.toReversed())
  } else if (url.pathname === `/repos/${forge.fullName}/pulls` && request.method === 'POST') {
    const asked = JSON.parse(await text(request)) as TestPull
    if (forge.pulls.some(({ head, state }) => head === asked.head && state === 'open')) {
      send(response, 422, { message: 'A pull request already exists' })
      return
    }
    const number = forge.pulls.length + 1
    const html_url = `${forge.url}/${forge.fullName}/pull/${number}`
    const pull = { ...asked, id: 1000 + number, number, state: 'open', html_url }
    forge.pulls.push(pull)
    send(response, 201, pull)
  } else if (url.pathname.startsWith(`/repos/${forge.fullName}/contents/`)) {
    const path = url.pathname.slice(`/repos/${forge.fullName}/contents/`.length)
    const content = await forge
      .git('show', `main:${decodeURIComponent(path)}`)
      .catch(() => undefined)
    if (content === undefined) return send(response, 404, { message: 'Not Found' })
    response.writeHead(200, { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' })
    response.end(content)
  } else if (sharedFile(forge, url) !== undefined) {
    response.writeHead(200, { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' })
    response.end(sharedFile(forge, url))
  } else if (sharedCommit(forge, url) !== undefined) {
    send(response, 200, [{ sha: sharedCommit(forge, url) }])
  } else if (/\/issues\/\d+\/comments$/.test(url.pathname)) {
    const issue = Number(url.pathname.split('/').at(-2))
    if (request.method === 'GET') {
      const found = forge.comments.filter((comment) => comment.issue === issue)
      return send(response, 200, found)
    }
    const { body } = JSON.parse(await text(request)) as { body: string }
    forge.comments.push({ issue, body })
    send(response, 201, { id: forge.comments.length, body })
  } else {
    send(response, 404, { message: 'Not Found' })
  }
}

type Files = Readonly<Record<string, string>>
const commitsOf = new WeakMap<TestForge, Map<string, Files>>()

function sharedFile(forge: TestForge, { pathname, searchParams }: URL): string | undefined {
  const [, name = '', path = ''] = /^\/repos\/([^/]+\/[^/]+)\/contents\/(.+)$/.exec(pathname) ?? []
  const ref = searchParams.get('ref')
  const files = ref === null ? forge.shared[name] : commitsOf.get(forge)?.get(`${name} ${ref}`)
  return files?.[path]
}

/** The commit that the present files of another repository are. */
function sharedCommit(forge: TestForge, { pathname }: URL): string | undefined {
  const [, name = ''] = /^\/repos\/([^/]+\/[^/]+)\/commits$/.exec(pathname) ?? []
  const files = forge.shared[name]
  if (files === undefined) return undefined
  const sha = createHash('sha1').update(JSON.stringify(files)).digest('hex')
  const commits = commitsOf.get(forge) ?? new Map<string, Files>()
  commitsOf.set(forge, commits.set(`${name} ${sha}`, { ...files }))
  return sha
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** git's own CGI program; the token is looked at here. */
function serveGit(forge: TestForge, request: IncomingMessage, response: ServerResponse): void {
  const basic = Buffer.from(`x-access-token:${forge.token}`).toString('base64')
  if (request.headers.authorization !== `Basic ${basic}`) {
    response.writeHead(401).end()
    return
  }
  const url = new URL(request.url ?? '/', forge.url)
  const child = spawn('git', ['http-backend'], {
    env: {
      ...cleanGit,
      GIT_PROJECT_ROOT: forge.gitDir,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname.replace(`/${forge.fullName}.git`, ''),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_USER: 'runner',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  let head: Buffer | undefined = Buffer.alloc(0)
  child.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const lines = head.subarray(0, end).toString().split('\r\n')
    const fields = lines.map((line) => line.split(': ') as [string, string])
    const status = Number(fields.find(([name]) => name === 'Status')?.[1].split(' ')[0] ?? 200)
    response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== 'Status')))
    response.write(head.subarray(end + 4))
    head = undefined
  })
  child.on('close', () => response.end())
}
