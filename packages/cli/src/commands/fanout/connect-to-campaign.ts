import type { Client } from '@errand/contract'
import { connect, findConnection } from '../../client/connection.ts'
import { UserError } from '../../errors.ts'
import type { CampaignRecord } from '../../fanout/journal-record.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/**
 * A client for the server a campaign was begun on: the same names mean other repositories elsewhere.
 *
 * @throws UserError when the settings lead to another server
 */
export function connectToCampaign(
  terminal: Terminal,
  { campaign, server }: CampaignRecord,
): Client {
  const { url } = findConnection(terminal)
  if (url === server) return connect(terminal)
  throw new UserError(`The campaign ${campaign.name} was begun on ${server}, and this is ${url}.`, {
    remedy: `Set ERRAND_URL=${server}, or sign in there with \`errand login\`.`,
  })
}
