import { createRequire } from 'node:module'
import type { RootConfigService } from '@backstage/backend-plugin-api'
import { AuthenticationError, InputError } from '@backstage/errors'
import { type Client, createClient } from '@errand/contract'
import type { Repository } from './repository.ts'

// Its ES modules are for bundlers alone: Node cannot import them, and a backend requires it anyway.
const { DefaultGithubCredentialsProvider, ScmIntegrations } = createRequire(import.meta.url)(
  '@backstage/integration',
) as typeof import('@backstage/integration')

/** What a step brings along to sign in with. */
export interface Credentials {
  /** The step's own `token`. */
  token?: string | undefined
  /** The scaffolder's secrets; `USER_OAUTH_TOKEN` is the user's, where the template asks for it. */
  secrets?: Record<string, string> | undefined
}

/** Where tasks go: to Errand where app-config names one, else to the GitHub of the repository's host. */
export interface Targets {
  /** Throws an `InputError` for a host that is none of GitHub's, `AuthenticationError` without a token. */
  clientFor(
    repository: Pick<Repository, 'host' | 'owner'>,
    credentials: Credentials,
  ): Promise<Client>
}

const userAgent = 'errand-backstage'
const defaultHost = 'github.com'

export function createTargets(config: RootConfigService): Targets {
  const errand = config.getOptionalConfig('errand')
  if (errand === undefined) return createGitHubTargets(config)
  const baseUrl = errand.getString('baseUrl')
  const ownToken = errand.getOptionalString('token')
  return {
    async clientFor(_, { token, secrets }) {
      const used = token ?? ownToken ?? secrets?.USER_OAUTH_TOKEN
      if (used === undefined) {
        throw new AuthenticationError(
          'There is no token for Errand: set errand.token in app-config, or have the template ask for USER_OAUTH_TOKEN.',
        )
      }
      return createClient({ baseUrl, token: used, userAgent })
    },
  }
}

function createGitHubTargets(config: RootConfigService): Targets {
  const integrations = ScmIntegrations.fromConfig(config)
  const provider = DefaultGithubCredentialsProvider.fromIntegrations(integrations)
  return {
    async clientFor({ host = defaultHost, owner }, { token, secrets }) {
      const baseUrl = integrations.github.byHost(host)?.config.apiBaseUrl
      if (baseUrl === undefined) {
        throw new InputError(
          `No GitHub integration is configured for ${host}: add it to integrations.github in app-config, or set errand.baseUrl.`,
        )
      }
      const used =
        token ??
        secrets?.USER_OAUTH_TOKEN ??
        (await provider.getCredentials({ url: `https://${host}/${owner}` })).token
      if (used === undefined) {
        throw new AuthenticationError(
          `There is no token for ${host}: give its integration one, or have the template ask for USER_OAUTH_TOKEN.`,
        )
      }
      return createClient({ baseUrl, token: used, userAgent })
    },
  }
}
