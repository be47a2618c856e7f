import { Exit, exitCodes, Interrupted } from '../../errors.ts'
import { countProgress, describeCounts } from '../../fanout/count-progress.ts'
import type { Journal } from '../../fanout/journal.ts'
import { isFailure } from '../../fanout/progress.ts'
import { runFanout } from '../../fanout/run-fanout.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { connectToCampaign } from './connect-to-campaign.ts'

/** Sends what is left of a campaign and follows it to its end; `yes` does not ask after the canary. */
export async function followCampaign(
  terminal: Terminal,
  journal: Journal,
  yes: boolean,
): Promise<void> {
  const { campaign } = journal.campaign
  const client = connectToCampaign(terminal, journal.campaign)
  try {
    const { stopped } = await runFanout(terminal, client, journal, { yes })
    terminal.out(`${describeCounts(countProgress(journal.progress.values()))}\n`)
    if (stopped !== undefined) {
      terminal.err(
        `No more is sent: ${stopped}. Go on with: errand fanout resume ${campaign.name}\n`,
      )
    }
    const isGood = [...journal.progress.values()].every((progress) => !isFailure(progress))
    if (stopped !== undefined || !isGood) throw new Exit(exitCodes.failed)
  } catch (error) {
    if (error instanceof Interrupted) {
      terminal.err(
        `Stopped. The tasks that were sent go on. Go on with: errand fanout resume ${campaign.name}\n`,
      )
    }
    throw error
  }
}
