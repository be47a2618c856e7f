import { paintState } from '../terminal/colours.ts'
import { formatDuration } from '../terminal/duration.ts'
import { printableLine } from '../terminal/printable.ts'
import { openStatusLine } from '../terminal/status-line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { countProgress, describeCounts } from './count-progress.ts'
import { sumCosts } from './describe-cost.ts'
import { describeTimeLeft } from './forecast.ts'
import type { CampaignState } from './journal.ts'
import { canShowLive, openLivePrinter } from './live-printer.ts'
import type { Progress } from './progress.ts'
import type { PullWatch } from './watch-pulls.ts'

/** Tells what happens in a campaign: a table on a terminal, and elsewhere a line for each change. */
export interface ProgressPrinter extends Disposable {
  sent: (repository: string) => void
  /** Its pull request has what the campaign gives it, but for what was refused. */
  prepared: (repository: string) => void
  changed: (progress: Progress, question?: string) => void
  wait: (reason: string) => void
  /** Keeps still while somebody is asked. */
  hidden: <T>(work: () => Promise<T>) => Promise<T>
}

export function openProgressPrinter(
  terminal: Terminal,
  state: CampaignState,
  pulls: PullWatch,
): ProgressPrinter {
  return canShowLive(terminal)
    ? openLivePrinter(terminal, state, pulls)
    : openLinePrinter(terminal, state)
}

function openLinePrinter(terminal: Terminal, state: CampaignState): ProgressPrinter {
  const startedAt = terminal.now().getTime()
  let waiting = ''
  const status = openStatusLine(terminal, () => {
    const time = formatDuration(terminal.now().getTime() - startedAt)
    const counts = describeCounts(countProgress(state.progress.values()))
    const all = [...state.progress.values()]
    const texts = [counts, time, describeTimeLeft(all), sumCosts(all), waiting]
    return texts.filter((text) => text !== '').join('  ')
  })

  function line(text: string): void {
    waiting = ''
    const clock = terminal.now().toTimeString().slice(0, 8)
    status.above(`${terminal.paint('dim', clock)}  ${text}\n`)
  }
  return {
    sent(repository) {
      const progress = state.progress.get(repository)
      if (progress === undefined) return
      if (progress.step === 'skipped' || progress.step === 'refused') {
        const step = terminal.paint(progress.step === 'refused' ? 'red' : 'dim', progress.step)
        line(`${repository}  ${step}  ${printableLine(progress.reason ?? '')}`)
      }
    },
    prepared(repository) {
      for (const problem of state.progress.get(repository)?.problems ?? []) {
        line(`${repository}  ${terminal.paint('yellow', 'not set')}  ${printableLine(problem)}`)
      }
    },
    changed(progress, question) {
      const { repository, state: now, reason, pullUrl } = progress
      if (now === undefined) return
      const more = question ?? pullUrl ?? reason ?? ''
      line(`${repository}  ${paintState(terminal.paint, now)}  ${printableLine(more)}`.trimEnd())
      if (question !== undefined && progress.taskId !== undefined) {
        line(`${repository}  answer with: errand answer ${progress.taskId.slice(0, 8)} "TEXT"`)
      }
    },
    wait(reason) {
      if (waiting === '' && !terminal.isInteractive) terminal.err(`${reason}\n`)
      waiting = reason
    },
    hidden: (work) => work(),
    [Symbol.dispose]: () => status[Symbol.dispose](),
  }
}
