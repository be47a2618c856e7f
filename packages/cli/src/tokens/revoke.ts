import { connect } from '../client/connection.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { fetchTokens, type WhoseOptions } from './list.ts'
import { allTokens, callForTokens, ownTokens } from './token-routes.ts'

/** `errand token revoke`: by id, or all that are over. */
export async function revokeCommand(
  terminal: Terminal,
  ids: readonly string[],
  options: WhoseOptions & { allExpired?: boolean },
): Promise<void> {
  const { signal } = terminal
  const isAllExpired = options.allExpired === true
  if (isAllExpired === ids.length > 0) {
    throw new UserError('Name the ids of tokens, or give --all-expired.', {
      remedy: '`errand token list` shows them.',
    })
  }
  const client = connect(terminal)
  const wanted = isAllExpired
    ? (await fetchTokens(client, options, signal))
        .filter(({ expired }) => expired)
        .map(({ id }) => String(id))
    : ids
  const isOfOthers = options.user !== undefined || options.all === true
  const path = isOfOthers ? allTokens : ownTokens
  for (const id of wanted) {
    await callForTokens(
      client,
      () => client.request('DELETE', `${path}/${encodeURIComponent(id)}`, { signal }),
      `There is no token ${id} of yours.`,
      signal,
    )
    terminal.err(`Revoked ${id}.\n`)
  }
  if (wanted.length === 0) terminal.err('No token is over.\n')
}
