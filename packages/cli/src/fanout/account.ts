import { type Client, isRefusal } from '@errand/contract'
import { UserError } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import type { CampaignRecord } from './journal-record.ts'

/** The login of a client's token; undefined where the server says none, as GitHub of an app's token. */
export async function findAccount(
  client: Client,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const answer = await client.request('GET', '/user', { signal })
    return ((await answer.json()) as { login?: string }).login
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

/**
 * Whoever takes a campaign up again must see its tasks: to another account those it cannot see would
 * look like lost ones.
 *
 * @throws UserError when the campaign was begun by another account
 */
export async function requireAccount(
  client: Client,
  { campaign, account }: CampaignRecord,
  signal: AbortSignal,
): Promise<void> {
  if (account === undefined) return
  const present = await findAccount(client, signal)
  if (present === undefined || present.toLowerCase() === account.toLowerCase()) return
  throw new UserError(
    `The campaign ${campaign.name} was begun by ${printableLine(account)}, and this token is of ${printableLine(present)}.`,
    { remedy: `Sign in as ${printableLine(account)}, or begin a campaign under another --name.` },
  )
}
