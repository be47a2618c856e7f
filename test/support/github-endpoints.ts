import { createPublicKey, createSign, generateKeyPairSync, verify } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { mayPush, type GitHubDouble } from './github-forge.ts'

/**
 * What GitHub has and the embedded forge has not, in front of one: the endpoints of a GitHub App, who signs
 * tokens for workflows, single sign-on, and limits.
 */
export interface GitHubEndpoints extends AsyncDisposable {
  url: string
  /** Every request so far, `METHOD path`, and what it was sent with. */
  asked: { what: string; authorization: string | undefined }[]
  app: { id: number; privateKey: string; installedOn: Set<string> }
  /** A token as a workflow of the repository gets it. */
  workflowToken(audience: string, claims: object): string
  /** What a request is answered with instead, by its path. */
  refusals: Map<string, { status: number; headers?: Record<string, string>; message: string }>
}

export async function startGitHubEndpoints(github: GitHubDouble): Promise<GitHubEndpoints> {
  const appKeys = rsaKeys()
  const workflowKeys = rsaKeys()
  const asked: GitHubEndpoints['asked'] = []
  const refusals: GitHubEndpoints['refusals'] = new Map()
  const app = { id: 4711, privateKey: appKeys.privateKey, installedOn: new Set<string>() }
  const { forge } = github.errand
  const bot = (await forge.authenticate(forge.runnerToken()))?.user
  if (bot === undefined) throw new Error('the embedded forge has no bot')
  const botUser = bot

  /** The App's own requests are signed with its key, for ten minutes at most. */
  function isFromApp(request: IncomingMessage): boolean {
    const [, head = '', body = '', signature = ''] =
      /^bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(request.headers.authorization ?? '') ?? []
    const key = createPublicKey(appKeys.publicKey)
    const bytes = Buffer.from(signature, 'base64url')
    if (!verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, bytes)) return false
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, number>
    const now = Date.now() / 1000
    return (
      Number(claims['iss']) === app.id &&
      (claims['exp'] ?? 0) > now &&
      (claims['exp'] ?? 0) < now + 660
    )
  }

  async function answerApp(request: IncomingMessage, path: string): Promise<[number, object]> {
    if (!isFromApp(request)) return [401, { message: 'A JSON web token could not be decoded' }]
    const [, name = ''] = /^\/repos\/([^/]+\/[^/]+)\/installation$/.exec(path) ?? []
    if (name !== '') {
      return app.installedOn.has(name) ? [200, { id: 99 }] : [404, { message: 'Not Found' }]
    }
    const wanted = JSON.parse(await bodyOf(request)) as { repositories?: string[] }
    const repositories = forge
      .listRepositories()
      .filter(({ full_name: one }) => app.installedOn.has(one))
      .filter(({ full_name: one }) => wanted.repositories?.includes(one.split('/')[1] ?? ''))
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    const token = await forge.createToken({
      user: botUser,
      kind: 'installation',
      permissions: mayPush,
      repository_ids: repositories.map(({ id }) => id),
      expires_at,
    })
    return [201, { token, expires_at, permissions: mayPush, repository_selection: 'selected' }]
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request
    asked.push({ what: `${method} ${path}`, authorization: request.headers.authorization })
    const refusal = refusals.get(path)
    if (refusal !== undefined) {
      const { status, headers = {}, message } = refusal
      return send(response, status, { message }, headers)
    }
    if (path === '/.well-known/jwks') {
      const jwk = createPublicKey(workflowKeys.publicKey).export({ format: 'jwk' })
      return send(response, 200, { keys: [{ ...jwk, kid: 'k', alg: 'RS256', use: 'sig' }] })
    }
    if (/\/installation$|^\/app\/installations\/99\/access_tokens$/.test(path)) {
      return send(response, ...(await answerApp(request, path)))
    }
    passOn(github.url, request, response)
  }

  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP socket that listens has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    app,
    refusals,
    workflowToken(audience, claims) {
      const now = Math.floor(Date.now() / 1000)
      const times = { iat: now, nbf: now - 5, exp: now + 300 }
      return signed({ iss: url, aud: audience, ...times, ...claims }, workflowKeys.privateKey)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function rsaKeys() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}

function signed(claims: object, key: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** As it came: git's requests too. */
function passOn(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method = 'GET', headers, url = '/' } = incoming
  const passedOn = sendRequest(`${target}${url}`, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  passedOn.on('error', () => outgoing.destroy())
  incoming.pipe(passedOn)
}
