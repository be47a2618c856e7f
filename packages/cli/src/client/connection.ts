import { type Client, createClient } from '@errand/contract'
import { exitCodes, UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { readHosts } from './hosts-file.ts'
import { checkoutDir } from './install-dir.ts'
import { findLocalServer } from './local-server.ts'

export interface Connection {
  url: string
  token: string
}

/**
 * The server to talk to and the token for it: ERRAND_URL and ERRAND_TOKEN, then `errand login`, then
 * a server running on this machine. Throws `UserError` with the authentication exit code when there
 * is no token.
 */
export function findConnection({
  environment,
  cwd,
}: Pick<Terminal, 'environment' | 'cwd'>): Connection {
  const { ERRAND_URL: url, ERRAND_TOKEN: token } = environment
  const known = [...savedConnections(environment), ...localConnections(environment, cwd)]
  const found = url ? known.find((connection) => isSameServer(connection.url, url)) : known[0]
  const chosen = { url: url || found?.url, token: token || found?.token }
  if (chosen.url && chosen.token) return { url: normalizeUrl(chosen.url), token: chosen.token }
  const missing = chosen.url ? `You are not signed in to ${chosen.url}.` : 'No server is known.'
  throw new UserError(missing, {
    remedy:
      'Run `errand login URL`, set ERRAND_URL and ERRAND_TOKEN, or start a server here with `errand serve`.',
    exitCode: exitCodes.authentication,
  })
}

export function connect(terminal: Pick<Terminal, 'environment' | 'cwd'>): Client {
  const { url, token } = findConnection(terminal)
  return createClient({ baseUrl: url, token, userAgent: 'errand-cli' })
}

/** What a user types for GitHub is its web address; its API has another. */
export function normalizeUrl(text: string): string {
  const withScheme = /^https?:\/\//.test(text) ? text : `https://${text}`
  if (!URL.canParse(withScheme)) throw new UserError(`\`${text}\` is not the URL of a server.`)
  const url = new URL(withScheme)
  if (url.hostname === 'github.com') url.hostname = 'api.github.com'
  return url.href.replace(/\/+$/, '')
}

function savedConnections(environment: Terminal['environment']): Connection[] {
  const { current, hosts } = readHosts(environment)
  return Object.entries(hosts)
    .map(([url, { token }]) => ({ url, token }))
    .sort((a, b) => Number(b.url === current) - Number(a.url === current))
}

function localConnections(environment: Terminal['environment'], cwd: string): Connection[] {
  const local = findLocalServer(environment, cwd, checkoutDir())
  return local ? [local] : []
}

function isSameServer(one: string, other: string): boolean {
  return normalizeUrl(one) === normalizeUrl(other)
}
