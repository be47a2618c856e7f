import { formatDuration } from '../terminal/duration.ts'
import { openLiveArea } from '../terminal/live-area.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { countProgress, describeCounts, groupOf } from './count-progress.ts'
import { describeCost, sumCosts } from './describe-cost.ts'
import { describeTimeLeft } from './forecast.ts'
import type { CampaignState } from './journal.ts'
import { layoutLiveTable, type LiveRow } from './live-table.ts'
import type { Progress } from './progress.ts'
import type { ProgressPrinter } from './progress-printer.ts'
import { describeChecks } from './read-checks.ts'
import type { PullWatch } from './watch-pulls.ts'

/** Fewer rows than this hold no table worth having. */
const fewestRows = 6

/** Whether a campaign can be shown as a table that is drawn anew. */
export function canShowLive({ isInteractive, rows, environment }: Terminal): boolean {
  return isInteractive && rows >= fewestRows && environment.TERM !== 'dumb'
}

/** Shows a campaign as a table, on a terminal, until it is disposed of. */
export function openLivePrinter(
  terminal: Terminal,
  state: CampaignState,
  pulls: PullWatch,
): ProgressPrinter {
  const startedAt = terminal.now().getTime()
  const questions = new Map<string, string>()
  let waiting = ''

  function lines(): string[] {
    const now = terminal.now().getTime()
    const all = [...state.progress.values()]
    const rows = all.map((progress) =>
      toRow(progress, pulls, now, questions.get(progress.repository)),
    )
    const time = formatDuration(now - startedAt)
    const totals = [
      describeCounts(countProgress(all)),
      `${all.length} in all`,
      time,
      describeTimeLeft(all),
      sumCosts(all),
    ]
    const asked = all.find(({ repository, state: at }) => {
      return at === 'waiting_for_user' && questions.has(repository)
    })
    const hint = asked && `Answer with: errand fanout answer "TEXT" -R ${asked.repository}`
    const below = [totals.filter((text) => text !== '').join('  '), hint ?? waiting]
    return layoutLiveTable(
      rows,
      below.filter((line) => line !== ''),
      terminal,
    )
  }
  const area = openLiveArea(terminal, lines)
  return {
    sent() {
      waiting = ''
    },
    prepared() {
      waiting = ''
    },
    changed({ repository }, question) {
      waiting = ''
      if (question === undefined) questions.delete(repository)
      else questions.set(repository, question)
    },
    wait(reason) {
      waiting = reason
    },
    hidden: (work) => area.hidden(work),
    [Symbol.dispose]: () => area[Symbol.dispose](),
  }
}

function toRow(
  progress: Progress,
  { states }: PullWatch,
  now: number,
  question: string | undefined,
): LiveRow {
  const { repository, step, seconds, sentAt, usage, reason, problems } = progress
  const pull = states.get(repository)
  const number = /\d+$/.exec(progress.pullUrl ?? '')?.[0]
  const isOpen = step === 'open' && sentAt !== undefined
  const ms = isOpen ? now - Date.parse(sentAt) : seconds === undefined ? undefined : seconds * 1000
  const note = question ?? reason ?? problems?.[0]
  return {
    repository,
    group: groupOf(progress),
    ...(number !== undefined && { pull: `#${number} ${pull?.state ?? ''}`.trim() }),
    ...(pull?.checks !== undefined && { checks: describeChecks(pull.checks) }),
    ...(usage !== undefined && { cost: describeCost(usage) }),
    ...(ms !== undefined && { time: formatDuration(ms) }),
    ...(note !== undefined && { note }),
  }
}
