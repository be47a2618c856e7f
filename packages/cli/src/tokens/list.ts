import type { Client } from '@errand/contract'
import { z } from 'zod'
import { connect } from '../client/connection.ts'
import { formatAge } from '../terminal/duration.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { describeGrant, describeRepositories, Token } from './token.ts'
import { allTokens, callForTokens, ownTokens } from './token-routes.ts'

export interface WhoseOptions {
  user?: string
  all?: boolean
}

/** `errand token list`. */
export async function listCommand(
  terminal: Terminal,
  options: WhoseOptions & { json?: boolean },
): Promise<void> {
  const tokens = await fetchTokens(connect(terminal), options, terminal.signal)
  if (options.json === true) return await printJson(terminal, tokens)
  if (tokens.length === 0) return terminal.err('No tokens.\n')
  const rows = tokens.map((token) => presentRow(terminal, token))
  const heading = ['NAME', 'ID', 'USER', 'KIND', 'MAY', 'REPOSITORIES', 'CREATED', 'USED', 'ENDS']
  terminal.out(
    terminal.isInteractive
      ? `${formatTable([heading, ...rows], terminal.columns)}\n`
      : rows.map((row) => `${row.join('\t')}\n`).join(''),
  )
}

/** One's own; or, for site administrators, those of a user or of all. */
export async function fetchTokens(
  client: Client,
  { user, all }: WhoseOptions,
  signal: AbortSignal,
): Promise<Token[]> {
  const path = user === undefined && all !== true ? ownTokens : allTokens
  const tokens: Token[] = []
  for (let page = 1; ; page += 1) {
    const query = { per_page: 100, page, user }
    const response = await callForTokens(
      client,
      () => client.request('GET', path, { query, signal }),
      `There is no user ${user ?? ''}.`,
      signal,
    )
    tokens.push(...z.array(Token).parse(await response.json()))
    if (!/rel="next"/.test(response.headers.get('link') ?? '')) return tokens
  }
}

function presentRow(terminal: Terminal, token: Token): string[] {
  const { isInteractive } = terminal
  const age = (time: string): string => (isInteractive ? formatAge(time, terminal.now()) : time)
  return [
    printableLine(token.name),
    String(token.id),
    printableLine(token.user?.login ?? ''),
    printableLine(token.kind),
    printableLine(describeGrant(token)),
    printableLine(describeRepositories(token)),
    age(token.created_at),
    token.last_used_at === null ? 'never' : age(token.last_used_at),
    presentEnd(token, isInteractive),
  ]
}

function presentEnd({ expires_at: end, expired }: Token, isInteractive: boolean): string {
  if (end === null) return 'never'
  if (!isInteractive) return end
  return expired ? 'is over' : end.slice(0, 10)
}
