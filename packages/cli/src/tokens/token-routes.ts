import { AnswerError, type Client } from '@errand/contract'
import { UserError } from '../errors.ts'

/** Where one's own tokens are, and where a site administrator finds everybody's. */
export const ownTokens = '/user/tokens'
export const allTokens = '/admin/tokens'

/**
 * Awaits a call about tokens. Only the embedded forge has them: where it is none, this says where tokens
 * are made instead.
 *
 * @throws UserError
 */
export async function callForTokens(
  client: Client,
  call: () => Promise<Response>,
  /** What a 404 means where there are tokens. */
  missing: string,
  signal: AbortSignal,
): Promise<Response> {
  requireNoGitHub(client.baseUrl)
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    if (await hasTokens(client, signal)) throw new UserError(missing, { cause: error })
    const remedy =
      'Make them at https://github.com/settings/tokens, or at /settings/tokens of your GitHub Enterprise Server.'
    throw new UserError(`The tokens of ${client.baseUrl} are made on GitHub, not here.`, {
      remedy,
      cause: error,
    })
  }
}

function requireNoGitHub(baseUrl: string): void {
  if (new URL(baseUrl).hostname !== 'api.github.com') return
  throw new UserError("GitHub's tokens are made on GitHub, not by its API.", {
    remedy: 'Make one at https://github.com/settings/personal-access-tokens/new.',
  })
}

async function hasTokens(client: Client, signal: AbortSignal): Promise<boolean> {
  try {
    await client.request('GET', ownTokens, { query: { per_page: 1 }, signal })
    return true
  } catch (error) {
    // It is there, and not for this token.
    if (error instanceof AnswerError) return error.status !== 404
    throw error
  }
}
