import { type Client, createPace } from '@errand/contract'
import { createForgeLookup } from '../present/task-fields.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { isErrandServer } from './ask-kind.ts'
import { type CampaignState, type NewRecord, readJournal } from './journal.ts'
import type { TaskRecord } from './journal-record.ts'
import { createPoll } from './poll.ts'
import { applyRecord, type Progress } from './progress.ts'
import { openProgressPrinter } from './progress-printer.ts'
import { reportChanges } from './report-changes.ts'
import { createPullWatch } from './watch-pulls.ts'

/**
 * Follows a campaign without sending anything and without writing its journal, which another process may
 * hold: what that one writes is read, and what has ended meanwhile is asked of the server. Resolves when
 * nothing is left to come.
 */
export async function watchCampaign(
  terminal: Terminal,
  client: Client,
  path: string,
): Promise<CampaignState> {
  const { signal } = terminal
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  const isErrand = await isErrandServer(client, { signal, onWait })
  const first = await readJournal(path)
  const progress = new Map(first.progress)
  const state = { ...first, progress }
  const seen: TaskRecord[] = []
  const calls = { client, signal, pace: createPace(isErrand) }
  const pulls = createPullWatch(calls, isErrand)
  using printer = openProgressPrinter(terminal, state, pulls)
  const forge = createForgeLookup(client, signal)

  function note(record: NewRecord): void {
    if (!('repository' in record)) return
    const dated = { ...record, at: terminal.now().toISOString() }
    seen.push(dated)
    const before = progress.get(record.repository)
    if (before !== undefined) progress.set(record.repository, applyRecord(before, dated))
  }

  /** The journal as it is now, with what it does not know yet. */
  async function readAgain(): Promise<void> {
    const now = await readJournal(path)
    for (const [repository, fresh] of now.progress) {
      const records = seen.filter((record) => record.repository === repository)
      const known = records.reduce(applyRecord, fresh)
      progress.set(repository, keepState(known, progress.get(repository)))
    }
  }

  async function look(): Promise<boolean> {
    await readAgain()
    const journal = {
      progress,
      append: async (record: NewRecord) => note(record),
    }
    const isChanged = await reportChanges({ client, journal, forge, signal }, printer, isErrand)
    if (terminal.isInteractive) await pulls.look(progress.values())
    return isChanged
  }
  const waiting = { ...calls, onWait: printer.wait }
  const poll = createPoll(waiting, isErrand, look)
  await look()
  while (![...progress.values()].every(isOver)) await poll([])
  return state
}

/** A journal does not say which state an open task is in: that was asked for. */
function keepState(fresh: Progress, before: Progress | undefined): Progress {
  const isSame = fresh.step === 'open' && fresh.taskId === before?.taskId
  return isSame && before?.state !== undefined ? { ...fresh, state: before.state } : fresh
}

function isOver({ step }: Progress): boolean {
  return step === 'ended' || step === 'skipped' || step === 'refused'
}
