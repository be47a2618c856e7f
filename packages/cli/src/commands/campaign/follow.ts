import { setTimeout as delay } from 'node:timers/promises'
import { type Campaign, type Client, untilReached } from '@errand/contract'
import { Exit, exitCodes } from '../../errors.ts'
import { describeCampaignCounts, summarizeCampaign } from '../../present/campaign.ts'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'

const everyMs = 2000

/**
 * Tells what changes of a campaign, until it is over or waits for a word; it goes on without anybody
 * who follows. Ends with 1 where it is not completed.
 */
export async function followOnServer(
  terminal: Terminal,
  client: Client,
  first: Campaign,
): Promise<void> {
  const { signal } = terminal
  const waiting = { signal, onWait: (reason: string) => terminal.err(`${reason}\n`) }
  const params = { campaign_id: first.id }
  let campaign = first
  let told = ''
  for (;;) {
    const line = `${campaign.status.replaceAll('_', ' ')}: ${describeCampaignCounts(campaign)}`
    if (line !== told) terminal.err(`${printableLine(campaign.name)}: ${line}\n`)
    told = line
    if (campaign.status !== 'in_progress') break
    await delay(everyMs, undefined, { signal })
    campaign = await untilReached(waiting, () => client.call('getCampaign', { params, signal }))
  }
  terminal.out(summarizeCampaign(campaign, terminal.now()))
  if (campaign.status === 'paused') {
    terminal.err(`Go on with: errand campaign resume ${campaign.id.slice(0, 8)}\n`)
  }
  if (campaign.status !== 'completed') throw new Exit(exitCodes.failed)
}
