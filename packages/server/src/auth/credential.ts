import { type Caller, ErrandError } from '@errand/contract'
import type { Credential } from '@errand/core'
import type { ServerContext } from '../context.ts'

/**
 * The caller's own token, to be kept for work they ask for: sealed, and deleted when the work ends.
 * Undefined where it is not needed: the embedded forge and a GitHub App of Errand's give tokens of their
 * own, and who came without a token of a user's has none to give.
 *
 * @throws ErrandError forbidden where nothing is left to do the work with.
 */
export function credentialOf(context: ServerContext, caller: Caller): Credential | undefined {
  const { settings, encryption } = context
  if (settings.forge === 'embedded' || settings.github_app !== undefined) return undefined
  if (caller.isOnBehalf !== true) return (about) => encryption.seal(caller.secret, about)
  if (settings.forge_token !== undefined) return undefined
  throw new ErrandError('forbidden', {
    message:
      'This server has no token to push with for who comes without one: its settings name neither github_app nor forge_token',
  })
}
