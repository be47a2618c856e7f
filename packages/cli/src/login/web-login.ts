import { errandClientId } from '@errand/contract'
import { UserError } from '../errors.ts'
import { type Terminal } from '../terminal/terminal.ts'
import { signInDevice } from './device-flow.ts'

/** What tasks need; GitHub's also lets one's organizations be seen, and workflow files be pushed. */
const ownScopes = ['repo']
const gitHubScopes = ['repo', 'read:org', 'workflow']

/**
 * `errand login --web`. An Errand knows its own command; on GitHub it is an OAuth app of the operator's
 * that asks, whose client id must be given.
 *
 * @throws UserError that says what to do where there is none, or it is not known.
 */
export async function webLogin(
  terminal: Terminal,
  apiUrl: string,
  { clientId: given, scopes }: { clientId?: string; scopes?: string[] },
): Promise<string> {
  const own = terminal.environment['ERRAND_GITHUB_CLIENT_ID'] || undefined
  const isGitHub = new URL(apiUrl).hostname === 'api.github.com'
  const candidates = given === undefined ? [...(isGitHub ? [] : [errandClientId]), own] : [given]
  for (const clientId of candidates) {
    if (clientId === undefined) continue
    const token = await signInDevice(terminal, {
      apiUrl,
      clientId,
      scopes: scopes ?? (clientId === errandClientId ? ownScopes : gitHubScopes),
    })
    if (token !== undefined) return token
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
