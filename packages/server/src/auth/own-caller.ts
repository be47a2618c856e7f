import { type Caller, ErrandError } from '@errand/contract'
import type { ServerContext } from '../context.ts'

/**
 * Who the server itself is in a repository, `owner/name`: the bot of its GitHub App, or whom its forge token
 * belongs to. Undefined where it has neither.
 *
 * @throws ErrandError unavailable where the forge does not know it
 */
export async function ownCaller(
  { forge, forgeToken, installationToken }: ServerContext,
  fullName: string,
): Promise<Caller | undefined> {
  const token = (await installationToken?.(fullName)) ?? forgeToken?.()
  if (token === undefined) return undefined
  const caller = await forge.authenticate(token)
  if (caller !== undefined) return caller
  throw new ErrandError('unavailable', {
    message: "The forge does not know this server's own token",
  })
}
