import { UserError } from '../../errors.ts'
import { journalPath, listCampaigns } from '../../fanout/journal.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** The journal of a campaign by its name, or of the latest. Throws `UserError` when there is none. */
export async function findJournal(
  { environment }: Terminal,
  name: string | undefined,
): Promise<string> {
  if (name !== undefined) return journalPath(environment, name)
  const [latest] = await listCampaigns(environment)
  if (latest !== undefined) return journalPath(environment, latest)
  throw new UserError('No campaign was begun on this machine.', {
    remedy: 'Begin one with `errand fanout`.',
  })
}
