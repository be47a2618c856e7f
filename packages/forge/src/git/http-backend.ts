import { type ChildProcess, spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { checkObjects } from './check-objects.ts'
import { type ConfigEntry, gitEnvironment } from './environment.ts'
import { GitFailed, gitText } from './git.ts'

/** A CGI answer's head is small; more is no answer of git's. */
const headLimitBytes = 64 * 1024

/** With nothing moving for this long, nobody is there: a git at work gives a sign each 5 seconds. */
const silenceLimitMs = 300_000

/** For git to take its lock files away. */
const graceMs = 5000

/** For a push received to its end by a server whose client did not wait for the answer. */
const pushGraceMs = 60_000

let execPath: Promise<string> | undefined

export interface GitService {
  gitDir: string
  /** `info/refs`, `git-upload-pack` or `git-receive-pack`. */
  path: string
  query: string
  user: string | undefined
  pushLimitBytes: number
  /** Runs when git has done its part; the client has its answer whole only afterwards. */
  beforeEnd?: () => Promise<void>
}

/** What git's own server is told, whatever a repository's configuration says. */
function serviceConfig(service: GitService): ConfigEntry[] {
  return [
    ['http.receivepack', 'true'],
    ['http.getanyfile', 'false'],
    ...checkObjects('receive'),
    ['receive.maxInputSize', String(service.pushLimitBytes)],
    ['receive.denyDeleteCurrent', 'refuse'],
    ['receive.autogc', 'false'],
    // Nobody updates anything but branches and tags.
    ['receive.hideRefs', 'refs/'],
    ['receive.hideRefs', '!refs/heads/'],
    ['receive.hideRefs', '!refs/tags/'],
    // A branch of that name could not be told from what HEAD stands for.
    ['receive.hideRefs', 'refs/heads/HEAD'],
    ['uploadpack.allowFilter', 'true'],
  ]
}

/**
 * Serves one request of git's smart HTTP by `git http-backend`, git's own CGI program. Both bodies
 * are streamed; the program and all it started are ended when the client goes away.
 *
 * @throws GitFailed when git ended badly; the client has its answer then all the same.
 */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  service: GitService,
): Promise<void> {
  // Not by way of `git http-backend`, which would stand between the program and its signals.
  execPath ??= gitText(['--exec-path'])
  const program = join(await execPath, 'git-http-backend')
  // Whose client has gone already: nothing would end it.
  if (response.destroyed) return
  const child = spawn(program, [], {
    env: gitEnvironment(serviceConfig(service), {
      GIT_PROJECT_ROOT: service.gitDir,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${service.path}`,
      QUERY_STRING: service.query,
      REQUEST_METHOD: request.method === 'POST' ? 'POST' : 'GET',
      // And no CONTENT_LENGTH: told one, http-backend asks for the rest of a body that has ended over and
      // over, and nobody is there to stop it when this server was killed.
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
      ...(service.user === undefined ? {} : { REMOTE_USER: service.user }),
    }),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: http-backend starts other programs, and all of them are to end with it.
    detached: true,
  })
  const code = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  const end = endOnce(child, code)
  response.once('close', () => {
    if (service.path !== 'git-receive-pack') end()
    else if (request.complete) setTimeout(end, pushGraceMs).unref()
    else cutShort(child, end)
  })
  response.setTimeout(silenceLimitMs, () => response.destroy())
  const stderr = collect(child.stderr)
  sendBody(request, child)
  const isRelayed = await relayAnswer(child.stdout, response)
  if (!isRelayed) end()
  const exit = await code
  await service.beforeEnd?.()
  const isGone = response.destroyed
  if (!response.headersSent && !isGone) response.writeHead(500)
  response.end()
  if (exit !== 0 && !isGone) throw new GitFailed('http-backend', exit, stderr())
}

function sendBody(request: IncomingMessage, child: ChildProcess): void {
  const { stdin } = child
  if (stdin === null) return
  // git may have said no before it has read all. The rest is read and thrown away: it stands before the
  // connection's next request.
  stdin.once('error', () => undefined)
  stdin.once('close', () => request.unpipe(stdin).resume())
  request.pipe(stdin)
}

/**
 * Ends a push in the middle. Without http-backend the input of git receive-pack ends, and it takes away
 * what it has received; asked to end by a signal, it would leave the half that is still being written.
 */
function cutShort(child: ChildProcess, end: () => void): void {
  child.kill('SIGKILL')
  setTimeout(end, graceMs).unref()
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-8192)
  })
  return () => text
}

/**
 * Ends the program with all it has started. git takes its lock files with it when it is asked to end;
 * killed at once it would leave them, and the branch could not be pushed to any more.
 */
function endOnce(child: ChildProcess, over: Promise<unknown>): () => void {
  let isOver = false
  let killing: NodeJS.Timeout | undefined
  void over.then(() => {
    isOver = true
    clearTimeout(killing)
  })
  return () => {
    // Once it is over, its number may be another process's.
    if (isOver || killing !== undefined) return
    signalGroup(child, 'SIGTERM')
    killing = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  }
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    // It has just ended by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** False when it was given up, with some of the output not read. */
async function relayAnswer(
  output: NodeJS.ReadableStream & AsyncIterable<Buffer>,
  response: ServerResponse,
): Promise<boolean> {
  let head = Buffer.alloc(0)
  let isRelaying = false
  for await (const chunk of output) {
    let body: Buffer = chunk
    if (!isRelaying) {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) {
        if (head.length > headLimitBytes) return false
        continue
      }
      writeHead(response, head.subarray(0, end).toString('latin1'))
      isRelaying = true
      body = head.subarray(end + 4)
    }
    // Nobody reads it any more; git, which is ending, is not to be stopped by a full pipe.
    if (response.destroyed) continue
    if (!response.write(body)) await drained(response)
  }
  return true
}

function writeHead(response: ServerResponse, text: string): void {
  let status = 200
  for (const line of text.split('\r\n')) {
    const [, name = '', value = ''] = /^([\w-]+):\s*(.*)$/.exec(line) ?? []
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
    else if (name !== '') response.setHeader(name, value)
  }
  response.writeHead(status)
}

/** Resolves when more can be written, or never will be. */
async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
