import { type Caller, ErrandError, type TokenKind } from '@errand/contract'
import { type ActionsLogin, looksLikeJwt } from './actions-login.ts'
import { InstallationRepositories, User } from './answers.ts'
import { hashOf, isSendable, parseAnswer, type Upstream } from './upstream.ts'

/** Token kinds by prefix (behaviour.md 2.1). What has none of these is a classic one. */
const tokenKinds: [string, TokenKind][] = [
  ['github_pat_', 'fine_grained'],
  ['gho_', 'oauth'],
  ['ghu_', 'user_to_server'],
  ['ghs_', 'installation'],
]

/**
 * Who a token belongs to, as GitHub says: believed for a minute, and revalidated after. Undefined when it
 * does not know the token.
 */
export async function authenticate(
  upstream: Upstream,
  actions: ActionsLogin | undefined,
  token: string,
): Promise<Caller | undefined> {
  if (!isSendable(token)) return undefined
  // None of GitHub's tokens looks like this: it is not shown to GitHub.
  if (looksLikeJwt(token)) return await actions?.authenticate(token)
  const kind = tokenKinds.find(([prefix]) => token.startsWith(prefix))?.[1] ?? 'classic'
  if (kind === 'installation') return await authenticateInstallation(upstream, token)
  const answer = await upstream.look(token, '/user')
  if (answer.status !== 200) return undefined
  const user = parseAnswer(answer.text, User)
  return callerOf(token, kind, user, answer.headers)
}

/**
 * GitHub shows an installation token no user, and not of which App it is: only the repositories it is
 * for, all of one account. So it stands for that account's installations, under an id that no user has.
 */
async function authenticateInstallation(
  upstream: Upstream,
  token: string,
): Promise<Caller | undefined> {
  const answer = await upstream.look(token, '/installation/repositories?per_page=1')
  if (answer.status !== 200) return undefined
  const [repository] = parseAnswer(answer.text, InstallationRepositories).repositories
  // One that is for no repository can do nothing.
  if (repository === undefined) throw new ErrandError('integration_not_accessible')
  const { id, login } = repository.owner
  const user = { id: -id, login: `${login}-installation[bot]`, type: 'Bot' } as const
  return callerOf(token, 'installation', user, answer.headers)
}

function callerOf(token: string, kind: TokenKind, user: User, headers: Headers): Caller {
  const scopes = (headers.get('x-oauth-scopes') ?? '').split(/,\s*/).filter(Boolean)
  // `2026-11-23 06:50:00 UTC`
  const expiresAt = Date.parse(headers.get('github-authentication-token-expiration') ?? '')
  return {
    user,
    token: {
      kind,
      hash: hashOf(token),
      scopes,
      // GitHub does not tell what these tokens may do. It is asked whether they may push, and refuses
      // what else they may not.
      permissions: { agent_tasks: 'write' },
      ...(Number.isNaN(expiresAt) ? {} : { expires_at: new Date(expiresAt).toISOString() }),
    },
    secret: token,
    isSiteAdmin: false,
  }
}

/**
 * A caller in whose name something is done with a token that is not theirs. Undefined when the account is
 * gone. By id: a name that somebody gave up may be another's now.
 */
export async function actFor(
  upstream: Upstream,
  secret: string,
  id: number,
): Promise<Caller | undefined> {
  const answer = await upstream.look(secret, `/user/${id}`)
  if (answer.status === 404) return undefined
  if (answer.status === 401) {
    throw new ErrandError('unavailable', {
      message: "The forge does not accept this server's own token",
    })
  }
  return {
    user: parseAnswer(answer.text, User),
    token: {
      kind: 'user_to_server',
      hash: `account ${id}`,
      scopes: [],
      permissions: { agent_tasks: 'write' },
    },
    secret,
    isSiteAdmin: false,
    isOnBehalf: true,
  }
}
