import { connect, findConnection } from '../../client/connection.ts'
import { Exit, exitCodes, Interrupted, UserError } from '../../errors.ts'
import { countProgress, describeCounts } from '../../fanout/count-progress.ts'
import { type Journal } from '../../fanout/journal.ts'
import { isFailure } from '../../fanout/progress.ts'
import { runFanout } from '../../fanout/run-fanout.ts'
import { type Terminal } from '../../terminal/terminal.ts'

/** Sends what is left of a campaign and follows it to its end; `yes` does not ask after the canary. */
export async function followCampaign(
  terminal: Terminal,
  journal: Journal,
  yes: boolean,
): Promise<void> {
  const { campaign, server } = journal.campaign
  const { url } = findConnection(terminal)
  if (url !== server) {
    throw new UserError(
      `The campaign ${campaign.name} was begun on ${server}, and this is ${url}.`,
      {
        remedy: `Set ERRAND_URL=${server}, or sign in there with \`errand login\`.`,
      },
    )
  }
  try {
    const { stopped } = await runFanout(terminal, connect(terminal), journal, { yes })
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
