import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { gitEnvironment } from './git.ts'

/** A CGI answer's head is small; more is no answer of git's. */
const headLimitBytes = 64 * 1024

/**
 * Serves one request of git's smart HTTP by `git http-backend`, git's own CGI program. Both bodies
 * are streamed; the program is ended when the client goes away.
 */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  service: { gitDir: string; path: string; query: string; user: string | undefined },
): Promise<void> {
  const child = spawn('git', ['http-backend'], {
    env: {
      ...gitEnvironment,
      GIT_PROJECT_ROOT: service.gitDir,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${service.path}`,
      QUERY_STRING: service.query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
      ...(service.user === undefined ? {} : { REMOTE_USER: service.user }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  response.once('close', () => child.kill('SIGKILL'))
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  // Either side may go away in the middle: what is left then is to end the other.
  pipeline(request, child.stdin).catch(() => undefined)
  try {
    await relayAnswer(child.stdout, response)
  } finally {
    child.kill('SIGKILL')
    await ended
    if (!response.headersSent) response.writeHead(500)
    response.end()
  }
}

async function relayAnswer(
  output: NodeJS.ReadableStream & AsyncIterable<Buffer>,
  response: ServerResponse,
): Promise<void> {
  let head = Buffer.alloc(0)
  let isRelaying = false
  for await (const chunk of output) {
    let body: Buffer = chunk
    if (!isRelaying) {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) {
        if (head.length > headLimitBytes) return
        continue
      }
      writeHead(response, head.subarray(0, end).toString('latin1'))
      isRelaying = true
      body = head.subarray(end + 4)
    }
    if (response.destroyed) return
    if (!response.write(body)) await drained(response)
  }
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

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('drain', resolve)
    response.once('close', resolve)
  })
}
