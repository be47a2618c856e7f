import { setTimeout as delay } from 'node:timers/promises'
import { createPace, mapInParallel } from '@errand/contract'
import { type Command, Option } from 'commander'
import { Exit, exitCodes, UserError } from '../../errors.ts'
import { isErrandServer } from '../../fanout/ask-kind.ts'
import { findPullState } from '../../fanout/find-pull-state.ts'
import {
  type Merged,
  type MergeMethod,
  mergeMethods,
  type Merging,
  tryToMerge,
} from '../../fanout/merge-part.ts'
import type { Progress } from '../../fanout/progress.ts'
import { describeChecks } from '../../fanout/read-checks.ts'
import type { WatchedCampaign } from '../../fanout/watched-campaign.ts'
import { printableLine } from '../../terminal/printable.ts'
import { formatTable } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../parse-count.ts'
import type { CampaignSource } from './campaign-source.ts'

interface MergeOptions {
  whenGreen?: boolean
  ready?: boolean
  method: MergeMethod
  timeout: number
  yes?: boolean
}

/** How often pending checks are looked at. */
const lookMs = { errand: 1000, github: 15_000 }
const lookedAtAtOnce = 4

export function addMergeCommand(group: Command, terminal: Terminal, source: CampaignSource): void {
  const { command } = source
  group
    .command('merge')
    .summary('merge the pull requests of a campaign')
    .description(
      'Merge the open pull requests of a campaign. One that is refused is named with the reason, and keeps no other from being merged. Doing it again does what is left.',
    )
    .argument('[campaign]', source.argument)
    .option('--when-green', 'only those whose checks have all passed; waits for pending ones')
    .option('--ready', 'mark drafts as ready for review first')
    .addOption(new Option('--method <method>', 'how').choices(mergeMethods).default('merge'))
    .option('--timeout <minutes>', 'how long to wait for pending checks', parseCount, 60)
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        `${command} merge --when-green --method squash`,
        `${command} merge dates --when-green --ready --timeout 30 --yes`,
      ),
    )
    .action((name: string | undefined, options: MergeOptions) =>
      merge(terminal, source, name, options),
    )
}

async function merge(
  terminal: Terminal,
  source: CampaignSource,
  name: string | undefined,
  options: MergeOptions,
): Promise<void> {
  const { signal } = terminal
  const { state, connect } = await source.open(terminal, name)
  const client = connect()
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  const isErrand = await isErrandServer(client, { signal, onWait })
  const merging: Merging = {
    client,
    isErrand,
    pace: createPace(isErrand),
    signal,
    onWait,
    method: options.method,
    whenGreen: options.whenGreen === true,
    ready: options.ready === true,
  }
  const parts = [...state.progress.values()].filter(
    ({ step, pullUrl }) => step === 'ended' && pullUrl !== undefined,
  )
  if (parts.length === 0)
    throw new UserError('No task of this campaign has ended with a pull request.')
  if (options.yes !== true && !(await isConfirmed(terminal, merging, state, parts))) return
  const isWhole = await mergeAll(terminal, merging, parts, options.timeout * 60_000)
  if (!isWhole) throw new Exit(exitCodes.failed)
}

/** Whether all of them are merged. */
async function mergeAll(
  terminal: Terminal,
  merging: Merging,
  parts: readonly Progress[],
  timeoutMs: number,
): Promise<boolean> {
  const until = Date.now() + timeoutMs
  let isWhole = true
  let left = parts
  let told = false
  for (;;) {
    const pending: Progress[] = []
    for (const progress of left) {
      const merged = await tryToMerge(merging, progress)
      if (merged.type === 'pending') pending.push(progress)
      else tell(terminal, progress, merged)
      isWhole &&= merged.type !== 'refused'
    }
    left = pending
    if (left.length === 0) return isWhole
    if (Date.now() >= until) break
    if (!told) terminal.err(`Waiting for the checks of ${left.length} pull requests.\n`)
    told = true
    const ms = Math.min(lookMs[merging.isErrand ? 'errand' : 'github'], until - Date.now())
    await delay(Math.max(0, ms), undefined, { signal: terminal.signal })
  }
  for (const progress of left) {
    tell(terminal, progress, { type: 'refused', reason: 'its checks have not ended' })
  }
  return false
}

function tell(terminal: Terminal, { repository, pullUrl }: Progress, merged: Merged): void {
  if (merged.type === 'merged' && !merged.isNew) return
  const said =
    merged.type === 'refused'
      ? `${terminal.paint('red', 'not merged')}: ${printableLine(merged.reason)}`
      : terminal.paint('green', 'merged')
  terminal.out(`${printableLine(repository)}  ${said}  ${printableLine(pullUrl ?? '')}\n`)
}

async function isConfirmed(
  terminal: Terminal,
  merging: Merging,
  { campaign }: WatchedCampaign,
  parts: readonly Progress[],
): Promise<boolean> {
  const { name } = campaign.campaign
  if (!terminal.canAsk) {
    throw new UserError(`Merging the campaign ${name} has to be confirmed.`, {
      remedy: 'Add --yes.',
    })
  }
  const pulls = await mapInParallel(parts, lookedAtAtOnce, (part) => findPullState(merging, part))
  const rows = parts.flatMap(({ repository }, index) => {
    const pull = pulls[index]
    if (pull === undefined || pull.state === 'merged' || pull.state === 'closed') return []
    const checks = pull.checks === undefined ? '' : describeChecks(pull.checks)
    const cells = [repository, `#${pull.number}`, pull.state, checks || 'no checks', pull.title]
    return [cells.map(printableLine)]
  })
  if (rows.length === 0) {
    terminal.err('None of its pull requests is open.\n')
    return false
  }
  terminal.err(`${formatTable(rows, terminal.columns)}\n`)
  const which = merging.whenGreen ? ', as soon as their checks have passed' : ''
  const answer = await terminal.ask(`Merge these ${rows.length}${which}? [y/N] `)
  return /^y(es)?$/i.test(answer.trim())
}
