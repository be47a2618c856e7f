import type { Client } from '@errand/contract'
import { readJournal } from '../../fanout/journal.ts'
import type { WatchedCampaign } from '../../fanout/watched-campaign.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { connectToCampaign } from './connect-to-campaign.ts'
import { findJournal } from './find-journal.ts'

/** Where a group of commands finds the campaigns it looks after. */
export interface CampaignSource {
  /** The group, for examples. */
  command: 'errand fanout' | 'errand campaign'
  /** What names one, for `--help`. */
  argument: string
  /** The campaign of a name, or the latest. @throws UserError when there is none */
  open(terminal: Terminal, name: string | undefined): Promise<OpenCampaign>
}

export interface OpenCampaign {
  state: WatchedCampaign
  /** @throws UserError when the settings lead to another server than the campaign's */
  connect: () => Client
  /** Has no more sent, where somebody else sends. */
  stop?: () => Promise<void>
}

/** Campaigns that were sent from this machine, by their journals. */
export const journalSource: CampaignSource = {
  command: 'errand fanout',
  argument: 'its name (default: the latest)',
  async open(terminal, name) {
    const state = await readJournal(await findJournal(terminal, name))
    return { state, connect: () => connectToCampaign(terminal, state.campaign) }
  },
}
