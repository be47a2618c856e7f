import { connect } from '../client/connection.ts'
import { parseRepository } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Expiry, expiryTime } from './parse-expiry.ts'
import { describeGrant, describeRepositories, Token } from './token.ts'
import { callForTokens, ownTokens } from './token-routes.ts'

export interface CreateOptions {
  kind: string
  name?: string
  scope?: string[]
  permission?: string[]
  repo?: string[]
  expires: Expiry
  user?: string
  json?: boolean
}

/** `errand token create`: the secret alone goes to standard output, so that it can be piped. */
export async function createCommand(terminal: Terminal, options: CreateOptions): Promise<void> {
  const client = connect(terminal)
  const { signal } = terminal
  const { user, name, scope: scopes, permission, repo } = options
  const expiresAt = expiryTime(options.expires, terminal.now())
  const body = {
    kind: options.kind,
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scopes }),
    ...(permission !== undefined && { permissions: readPermissions(permission) }),
    ...(repo !== undefined && { repositories: repo.map(nameOf) }),
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
  }
  const path = user === undefined ? ownTokens : `/admin/users/${encodeURIComponent(user)}/tokens`
  const response = await callForTokens(
    client,
    () => client.request('POST', path, { body, signal }),
    `There is no user ${user ?? ''}.`,
    signal,
  )
  const made = Token.extend({ token: Token.shape.name }).parse(await response.json())
  if (options.json === true) return await printJson(terminal, made)
  terminal.out(`${made.token}\n`)
  terminal.err(`${describeMade(made)}\nThe token is shown this once.\n`)
}

function describeMade(token: Token): string {
  const end = token.expires_at === null ? 'without an end' : `until ${token.expires_at}`
  return printableLine(
    `Token ${token.id} (${token.kind}) of ${token.user?.login ?? 'nobody'}, ${end}: ${describeGrant(token)}; repositories: ${describeRepositories(token)}.`,
  )
}

function nameOf(text: string): string {
  const { owner, repo } = parseRepository(text)
  return `${owner}/${repo}`
}

function readPermissions(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const { name, level } = /^(?<name>[a-z_]+)=(?<level>read|write)$/.exec(text)?.groups ?? {}
      if (name === undefined || level === undefined) {
        throw new UserError(`\`--permission ${text}\` is none.`, {
          remedy: 'Write it as name=read or name=write, like agent_tasks=write.',
        })
      }
      return [name, level]
    }),
  )
}
