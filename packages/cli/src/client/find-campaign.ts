import type { Campaign, Client } from '@errand/contract'
import { UserError } from '../errors.ts'
import { beyondGitHub } from './beyond-github.ts'

/** How many campaigns are looked through. */
const searchLimit = 300

/**
 * The campaign a user means by its name, its id or the beginning of one; without any, the latest. Of
 * several with one name it is the latest. Throws `UserError` when there is none.
 */
export async function findCampaign(
  client: Client,
  text: string | undefined,
  signal: AbortSignal,
): Promise<Campaign> {
  for await (const campaign of latestCampaigns(client, searchLimit, signal)) {
    const isMeant =
      text === undefined ||
      campaign.name === text ||
      (text.length >= 6 && campaign.id.startsWith(text.toLowerCase()))
    if (isMeant) return campaign
  }
  throw new UserError(
    text === undefined ? 'You have no campaign on this server.' : `No campaign is called ${text}.`,
    {
      remedy:
        text === undefined ? 'Start one: errand fanout --detach.' : 'See: errand campaign list.',
    },
  )
}

/** The caller's campaigns, newest first. */
export async function* latestCampaigns(
  client: Client,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Campaign> {
  const query = { per_page: Math.min(limit, 100) }
  const pages = client.pages('listCampaigns', { params: {}, query, signal })
  let left = limit
  for (;;) {
    const page = await beyondGitHub('keep campaigns', pages.next())
    if (page.done === true) return
    for (const campaign of page.value.campaigns) {
      if (left <= 0) return
      left -= 1
      yield campaign
    }
    if (left <= 0) return
  }
}
