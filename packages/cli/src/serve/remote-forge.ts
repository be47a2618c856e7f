import type { Forge, Settings } from '@errand/contract'
import type { RunnerForge } from '@errand/runner'
import {
  createGitHubForge,
  createInstallationTokens,
  type InstallationTokens,
  webUrlOf,
} from '@errand/server'
import { UserError } from '../errors.ts'

type Secrets = (name: string) => string | undefined

/**
 * A forge elsewhere as the server asks it.
 *
 * @throws UserError when a secret that the settings name is not there.
 */
export function openRemoteForge(
  settings: Settings,
  secrets: Secrets,
  app?: InstallationTokens,
): Forge {
  const { forge_token: serviceToken, actions_oidc: oidc } = settings
  const { token_env: name } = settings.automations
  const automationToken = name && requireSecret(secrets, 'automations.token_env', name)
  return createGitHubForge({
    apiUrl: settings.forge,
    ...(automationToken === undefined ? {} : { automationToken }),
    ...(serviceToken === undefined ? {} : { serviceToken }),
    ...(app === undefined ? {} : { installationTokens: app }),
    ...(oidc === undefined ? {} : { actions: { ...oidc, audience: audienceOf(settings) } }),
  })
}

/** The same forge as a runner works on it. */
export function remoteForge(settings: Settings, app?: InstallationTokens): RunnerForge {
  const { forge: apiUrl, forge_token: token } = settings
  return {
    apiUrl,
    webUrl: webUrlOf(apiUrl),
    ...(token === undefined ? {} : { token }),
    ...(app === undefined ? {} : { installationToken: app }),
  }
}

/** Tokens of Errand's GitHub App, where the settings name one. @throws UserError without its key. */
export function openGitHubApp(
  settings: Settings,
  secrets: Secrets,
): InstallationTokens | undefined {
  const { github_app: app, forge: apiUrl } = settings
  if (app === undefined) return undefined
  const privateKey = requireSecret(secrets, 'github_app.private_key_env', app.private_key_env)
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKey)) {
    throw new UserError(
      `github_app.private_key_env: the variable ${app.private_key_env} holds no private key as PEM.`,
    )
  }
  return createInstallationTokens({ apiUrl, appId: app.app_id, privateKey })
}

/** @throws UserError for what only a GitHub has. */
export function requireNoGitHub({ github_app: app, actions_oidc: oidc }: Settings): void {
  const setting = app === undefined ? oidc && 'actions_oidc' : 'github_app'
  if (setting === undefined) return
  throw new UserError(`${setting} is for a GitHub, and the forge is the embedded one.`, {
    remedy: 'Give the URL of its API as forge, or leave it out.',
  })
}

function audienceOf({ actions_oidc: oidc, public_url: publicUrl }: Settings): string {
  const audience = oidc?.audience ?? publicUrl
  if (audience !== undefined) return audience
  throw new UserError('actions_oidc needs to know what workflows ask their tokens for.', {
    remedy: 'Give public_url, or actions_oidc.audience.',
  })
}

function requireSecret(secrets: Secrets, setting: string, name: string): string {
  const value = secrets(name)
  if (value) return value
  throw new UserError(`${setting}: the variable ${name} is not set.`)
}
