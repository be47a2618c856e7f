import { ErrandError } from '@errand/contract'
import { RequestError } from '@octokit/request-error'
import { createMemory } from './memory.ts'

/**
 * A token of Errand's own GitHub App for one repository, `owner/name`, and for no other.
 *
 * @throws ErrandError forbidden where the App is not installed there; unavailable where GitHub does not
 *   know the App by its key; bad_upstream
 */
export type InstallationTokens = (fullName: string, signal?: AbortSignal) => Promise<string>

/**
 * Tokens as the App's installation on a repository's owner gives them, each good for an hour and kept in
 * memory for 59 minutes by `@octokit/auth-app`. Loaded when the first is asked for.
 *
 * @throws ErrandError validation_failed, when the first is asked for, where the key is none.
 */
export function createInstallationTokens(options: {
  apiUrl: string
  appId: number
  /** PEM. */
  privateKey: string
}): InstallationTokens {
  const remember = createMemory<number>()
  let opening: ReturnType<typeof openApp> | undefined

  return async (fullName, signal) => {
    opening ??= openApp(options)
    const { findInstallation, tokenOf } = await opening
    const [owner = '', repo = ''] = fullName.split('/')
    try {
      const installationId = await remember(fullName.toLowerCase(), async () => ({
        value: await findInstallation({ owner, repo }, signal),
        isKept: true,
      }))
      return await tokenOf(installationId, repo)
    } catch (error) {
      signal?.throwIfAborted()
      throw presentRefusal(error, fullName)
    }
  }
}

async function openApp({
  apiUrl,
  appId,
  privateKey,
}: Parameters<typeof createInstallationTokens>[0]) {
  const [{ createAppAuth }, { request }] = await Promise.all([
    import('@octokit/auth-app'),
    import('@octokit/request'),
  ])
  const ask = request.defaults({
    baseUrl: apiUrl.replace(/\/+$/, ''),
    headers: { 'user-agent': 'errand' },
  })
  const auth = createAppAuth({ appId, privateKey, request: ask })
  return {
    findInstallation: async (name: { owner: string; repo: string }, signal?: AbortSignal) => {
      const { token } = await auth({ type: 'app' })
      const { data } = await ask('GET /repos/{owner}/{repo}/installation', {
        ...name,
        headers: { authorization: `bearer ${token}` },
        request: {
          signal: AbortSignal.any([AbortSignal.timeout(10_000), ...(signal ? [signal] : [])]),
        },
      })
      return data.id
    },
    tokenOf: async (installationId: number, repo: string) => {
      const { token } = await auth({
        type: 'installation',
        installationId,
        repositoryNames: [repo],
      })
      return token
    },
  }
}

function presentRefusal(error: unknown, fullName: string): unknown {
  if (error instanceof ErrandError) return error
  const status = error instanceof RequestError ? error.status : undefined
  switch (status) {
    case 404:
      return new ErrandError('forbidden', {
        message: `The GitHub App of this server is not installed on ${fullName}`,
        cause: error,
      })
    case 401:
      return new ErrandError('unavailable', {
        message: 'GitHub does not know the App of this server by its key (github_app)',
        cause: error,
      })
    default:
      return new ErrandError('bad_upstream', {
        message: `The forge gave no token for the App of this server on ${fullName}`,
        cause: error,
      })
  }
}
