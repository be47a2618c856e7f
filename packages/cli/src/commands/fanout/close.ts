import { AnswerError, createPace } from '@errand/contract'
import type { Command } from 'commander'
import { Exit, exitCodes, UserError } from '../../errors.ts'
import { isErrandServer } from '../../fanout/ask-kind.ts'
import { type Closed, type Closing, closePart } from '../../fanout/close-part.ts'
import type { Progress } from '../../fanout/progress.ts'
import type { WatchedCampaign } from '../../fanout/watched-campaign.ts'
import { createForgeLookup } from '../../present/task-fields.ts'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import type { CampaignSource } from './campaign-source.ts'

interface CloseOptions {
  comment?: string
  deleteBranches?: boolean
  yes?: boolean
}

export function addCloseCommand(group: Command, terminal: Terminal, source: CampaignSource): void {
  const { command } = source
  group
    .command('close')
    .summary('take a campaign back: close its pull requests')
    .description(
      'Cancel the open tasks of a campaign and close its open pull requests. What was merged stays. Doing it again does what is left.',
    )
    .argument('[campaign]', source.argument)
    .option('-c, --comment <text>', 'say this on each pull request before it is closed')
    .option('--delete-branches', 'delete the branches of the closed pull requests too')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        `${command} close`,
        `${command} close dates --comment "Done by hand instead" --delete-branches --yes`,
      ),
    )
    .action((name: string | undefined, options: CloseOptions) =>
      close(terminal, source, name, options),
    )
}

async function close(
  terminal: Terminal,
  source: CampaignSource,
  name: string | undefined,
  options: CloseOptions,
): Promise<void> {
  const { signal } = terminal
  const { state, connect, stop } = await source.open(terminal, name)
  const client = connect()
  if (options.comment?.trim() === '') throw new UserError('--comment must not be empty.')
  if (options.yes !== true && !(await isConfirmed(terminal, state))) return
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  const isErrand = await isErrandServer(client, { signal, onWait })
  await stop?.()
  const closing: Closing = {
    client,
    isErrand,
    forge: createForgeLookup(client, signal),
    pace: createPace(isErrand),
    signal,
    onWait,
    deleteBranches: options.deleteBranches === true,
    ...(options.comment !== undefined && { comment: options.comment }),
  }
  let isWhole = true
  for (const progress of state.progress.values()) {
    const { done, problem } = await tryToClose(closing, progress)
    const told = [...done, ...(problem === undefined ? [] : [`not closed: ${problem}`])]
    if (told.length > 0) {
      terminal.out(`${printableLine(progress.repository)}  ${printableLine(told.join(', '))}\n`)
    }
    isWhole &&= problem === undefined
  }
  if (!isWhole) throw new Exit(exitCodes.failed)
}

/** One repository that refuses must not keep the others open. */
async function tryToClose(closing: Closing, progress: Progress): Promise<Closed> {
  try {
    return await closePart(closing, progress)
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status === 401) throw error
    return { done: [], problem: error.message }
  }
}

async function isConfirmed(terminal: Terminal, { campaign, progress }: WatchedCampaign) {
  const { name } = campaign.campaign
  if (!terminal.canAsk) {
    throw new UserError(`Closing the campaign ${name} has to be confirmed.`, {
      remedy: 'Add --yes.',
    })
  }
  const sent = [...progress.values()].filter(({ taskId }) => taskId !== undefined).length
  const answer = await terminal.ask(
    `Cancel and close what the campaign ${name} did in ${sent} repositories? [y/N] `,
  )
  return /^y(es)?$/i.test(answer.trim())
}
