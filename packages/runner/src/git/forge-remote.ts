import type { ForgeClient } from '../forge-client.ts'
import type { ConfigEntry } from './git.ts'

/** A repository of the forge as git reaches it. */
export interface Remote {
  url: string
  /** What git has to be told to get in: the token goes by the environment, never by an argument or the URL. */
  config: readonly ConfigEntry[]
}

/**
 * @param fullName owner and name, as in `octo/hello`
 * @throws SessionFailed credential_missing
 */
export async function remoteOf(
  forge: Pick<ForgeClient, 'webUrl' | 'token'>,
  fullName: string,
  signal: AbortSignal,
): Promise<Remote> {
  const base = forge.webUrl.replace(/\/+$/, '')
  const { secret } = await forge.token(signal)
  const basic = Buffer.from(`x-access-token:${secret}`).toString('base64')
  return {
    url: `${base}/${fullName}.git`,
    config: [
      [`http.${base}/.extraHeader`, `Authorization: Basic ${basic}`],
      // The name is the current one; a redirect elsewhere would take the token with it.
      ['http.followRedirects', 'false'],
      [`protocol.${new URL(base).protocol.replace(':', '')}.allow`, 'always'],
    ],
  }
}
