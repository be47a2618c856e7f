import { errandClientId } from '@errand/contract'
import { UserError } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { signInDevice } from './device-flow.ts'

/** What tasks need; GitHub's also lets one's organizations be seen, and workflow files be pushed. */
const ownScopes = ['repo']
const gitHubScopes = ['repo', 'read:org', 'workflow']

export interface WebLoginOptions {
  clientId?: string | undefined
  scopes?: string[] | undefined
}

/**
 * `errand login --web`. An Errand knows its own command; on GitHub it is an OAuth app of the operator's
 * that asks, whose client id must be given. The tokens of an Errand that works on another forge are that
 * forge's, which is asked instead.
 *
 * @throws UserError that says what to do where there is none, or it is not known.
 */
export async function webLogin(
  terminal: Terminal,
  apiUrl: string,
  { clientId: given, scopes }: WebLoginOptions,
  mayBeElsewhere = true,
): Promise<string> {
  const own = terminal.environment['ERRAND_GITHUB_CLIENT_ID'] || undefined
  const isGitHub = new URL(apiUrl).hostname === 'api.github.com'
  const candidates = given === undefined ? [...(isGitHub ? [] : [errandClientId]), own] : [given]
  for (const clientId of candidates) {
    if (clientId === undefined) continue
    const signedIn = await signInDevice(terminal, {
      apiUrl,
      clientId,
      scopes: scopes ?? (clientId === errandClientId ? ownScopes : gitHubScopes),
    })
    if (signedIn === undefined) continue
    if ('token' in signedIn) return signedIn.token
    // One server may name another, and that one nobody: they could name each other for ever.
    if (!mayBeElsewhere) break
    terminal.err(`The tokens of ${apiUrl} are those of ${printableLine(signedIn.forge)}.\n`)
    return await webLogin(terminal, signedIn.forge, { clientId: given, scopes }, false)
  }
  const isKnown = candidates.some(
    (clientId) => clientId !== undefined && clientId !== errandClientId,
  )
  throw new UserError(
    isKnown
      ? `${apiUrl} does not know this client id.`
      : `To sign in to ${apiUrl} by a browser an OAuth app is needed.`,
    {
      remedy:
        'Register one on GitHub (Settings, Developer settings, OAuth apps) with the device flow enabled, and give its client id with --client-id or ERRAND_GITHUB_CLIENT_ID. Without one, `errand login` takes a token.',
    },
  )
}
