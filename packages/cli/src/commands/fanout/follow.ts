import { Exit, exitCodes, Interrupted } from '../../errors.ts'
import { countProgress, describeCounts } from '../../fanout/count-progress.ts'
import type { Journal } from '../../fanout/journal.ts'
import { isFailure } from '../../fanout/progress.ts'
import { type FanoutOptions, runFanout } from '../../fanout/run-fanout.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { connectToCampaign } from './connect-to-campaign.ts'

/** Sends what is left of a campaign, or only what is begun anew, and follows it to its end. */
export async function followCampaign(
  terminal: Terminal,
  journal: Journal,
  options: FanoutOptions,
): Promise<void> {
  const { campaign } = journal.campaign
  const goOn = `errand fanout ${options.isRetry ? 'retry' : 'resume'} ${campaign.name}`
  const client = connectToCampaign(terminal, journal.campaign)
  try {
    const { stopped } = await runFanout(terminal, client, journal, options)
    terminal.out(`${describeCounts(countProgress(journal.progress.values()))}\n`)
    if (stopped !== undefined) {
      terminal.err(`No more is sent: ${stopped}. Go on with: ${goOn}\n`)
    }
    const isGood = [...journal.progress.values()].every((progress) => !isFailure(progress))
    if (stopped !== undefined || !isGood) throw new Exit(exitCodes.failed)
  } catch (error) {
    if (error instanceof Interrupted) {
      terminal.err(`Stopped. The tasks that were sent go on. Go on with: ${goOn}\n`)
    }
    throw error
  }
}
