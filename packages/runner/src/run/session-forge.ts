import { ErrandError } from '@errand/contract'
import { findCredential, type Lease, SealBroken } from '@errand/core'

import { SessionFailed } from '../failures.ts'
import { createForgeClient, type ForgeClient, type TokenSource } from '../forge-client.ts'
import type { RunnerContext } from './run.ts'

/** The forge of this runner, and the tokens it has of its own. No agent ever sees one. */
export interface RunnerForge {
  apiUrl: string
  webUrl: string
  /** May read and push to the repositories, and open pull requests. Default: there is none. */
  token?: string
  /**
   * A token of Errand's own GitHub App for one repository, `owner/name`.
   *
   * @throws ErrandError where the App is not installed there
   */
  installationToken?: (repository: string, signal: AbortSignal) => Promise<string>
}

/**
 * The forge as one session reaches it: as Errand's App where there is one, else with the token of the user
 * whose session it is, else with the runner's own. Looked up at each use, so that it is held no longer
 * than the store holds it.
 */
export function openSessionForge(context: RunnerContext, lease: Lease): ForgeClient {
  const { forge } = context
  const name = lease.task.repository_full_name
  return createForgeClient({
    ...forge,
    async token(signal): Promise<TokenSource> {
      if (forge.installationToken !== undefined) {
        const secret = await installationTokenOf(forge.installationToken, name, signal)
        return { secret, of: "Errand's GitHub App" }
      }
      const secret = await ownTokenOf(context, lease)
      if (secret !== undefined) return { secret, of: `@${lease.session.user_login}` }
      if (forge.token !== undefined) return { secret: forge.token, of: 'the runner' }
      const message = `There is no token of @${lease.session.user_login} for ${name}, and the runner has none of its own.`
      throw new SessionFailed('credential_missing', message)
    },
  })
}

async function installationTokenOf(
  installationToken: NonNullable<RunnerForge['installationToken']>,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await installationToken(name, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ErrandError)) throw error
    const isPassing = error.status >= 500 || error.status === 429
    const failure = isPassing ? 'forge_unreachable' : 'credential_missing'
    throw new SessionFailed(failure, `${error.message}.`, error)
  }
}

async function ownTokenOf(
  { store, encryption }: RunnerContext,
  lease: Lease,
): Promise<string | undefined> {
  const kept = await findCredential(store, lease)
  if (kept === undefined) return undefined
  try {
    return encryption.open(kept.sealed, kept.about)
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    const message = `The token of @${lease.session.user_login} cannot be decrypted by this runner: its encryption key is not the server's.`
    throw new SessionFailed('credential_missing', message, error)
  }
}
