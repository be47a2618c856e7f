import { type Client, createPace } from '@errand/contract'
import { UserError } from '../errors.ts'
import { createForgeLookup } from '../present/task-fields.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { requireAccount } from './account.ts'
import { isErrandServer } from './ask-kind.ts'
import type { Journal } from './journal.ts'
import { createPoll } from './poll.ts'
import { isToBePrepared, preparePull } from './prepare-pull.ts'
import { openProgressPrinter } from './progress-printer.ts'
import { reportChanges } from './report-changes.ts'
import { nextToSend } from './send-order.ts'
import { sendTask } from './send-task.ts'
import { createPullWatch } from './watch-pulls.ts'
import { createWorks } from './works.ts'

export interface FanoutOptions {
  /** Do not ask after the canary. */
  yes: boolean
  /** Send only what is begun anew. */
  isRetry: boolean
}

/** Why a campaign was left before all was sent. */
export interface FanoutEnd {
  stopped?: string
}

/**
 * Sends what is left of a campaign, or only what is begun anew, and follows it until all that was sent has ended. Ctrl-C throws
 * `Interrupted` and leaves the journal whole: the campaign is taken up again from it.
 */
export async function runFanout(
  terminal: Terminal,
  client: Client,
  journal: Journal,
  options: FanoutOptions,
): Promise<FanoutEnd> {
  const { signal } = terminal
  const sentAt = [...journal.progress.values()].flatMap(({ sentAt: at }) =>
    at === undefined ? [] : [Date.parse(at)],
  )
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  const isErrand = await isErrandServer(client, { signal, onWait })
  await requireAccount(client, journal.campaign, signal)
  const pace = createPace(isErrand, sentAt)
  const forge = createForgeLookup(client, signal)
  const pulls = createPullWatch({ client, pace, signal }, isErrand)
  using printer = openProgressPrinter(terminal, journal, pulls)
  const waiting = { pace, signal, onWait: printer.wait }
  const sending = createWorks()
  const preparing = createWorks()
  const hasRoom = (): boolean => sending.running.size + preparing.running.size < pace.atOnce
  let stopped: string | undefined

  /** Ended tasks' pull requests come before more tasks: reviewers wait for nothing. */
  function prepareMore(): void {
    const ended = [...journal.progress.values()].filter(
      (progress) =>
        isToBePrepared(progress, journal.campaign.campaign) &&
        !preparing.running.has(progress.repository),
    )
    for (const progress of ended) {
      if (!hasRoom()) return
      const work = preparePull({ client, journal, ...waiting }, progress)
      const told = work.then(() => printer.prepared(progress.repository))
      preparing.begin(progress.repository, told)
    }
  }

  /** Sends all that may go out now. False when nothing more will be. */
  async function sendMore(): Promise<boolean> {
    while (hasRoom() && stopped === undefined) {
      const next = nextToSend({
        campaign: journal.campaign.campaign,
        progress: journal.progress.values(),
        sending: new Set(sending.running.keys()),
        isCanaryPassed: journal.isCanaryPassed,
        overAtResume: journal.overAtResume,
        maxAiCredits: journal.maxAiCredits,
        isRetry: options.isRetry,
      })
      if (next.type === 'done') return false
      if (next.type === 'wait') return true
      if (next.type === 'send') {
        const { repository } = next.progress
        const work = sendTask({ client, isErrand, journal, forge, ...waiting }, next.progress)
        sending.begin(
          repository,
          work.then(() => printer.sent(repository)),
        )
      }
      if (next.type === 'stop') stopped = next.reason
      if (next.type === 'ask') {
        const isPassed =
          options.yes || (await printer.hidden(() => askToGoOn(terminal, journal, next)))
        if (isPassed) await journal.append({ type: 'canary_passed' })
        else stopped = 'the canary is done, and the rest was not asked for'
      }
    }
    return stopped === undefined
  }

  const poll = createPoll(waiting, isErrand, async () => {
    const refreshing = { client, journal, forge, signal }
    const isChanged = await reportChanges(refreshing, printer, isErrand)
    if (terminal.isInteractive) await pulls.look(journal.progress.values())
    return isChanged
  })
  try {
    for (;;) {
      prepareMore()
      const isMore = await sendMore()
      sending.requireNoFailure()
      preparing.requireNoFailure()
      const isOpen = [...journal.progress.values()].some(({ step }) => step === 'open')
      const works = [...sending.running.values(), ...preparing.running.values()]
      if (!isMore && works.length === 0 && !isOpen) break
      await poll(works)
    }
  } finally {
    await sending.settle()
    await preparing.settle()
  }
  return stopped === undefined ? {} : { stopped }
}

async function askToGoOn(
  terminal: Terminal,
  { campaign }: Journal,
  { good, left }: { good: number; left: number },
): Promise<boolean> {
  if (!terminal.canAsk) {
    throw new UserError(`The canary is good: ${good} done, ${left} left to send.`, {
      remedy: `Send them with \`errand fanout resume ${campaign.campaign.name} --yes\`.`,
    })
  }
  const answer = await terminal.ask(
    `The canary is good: ${good} done. Send the other ${left}? [y/N] `,
  )
  return /^y(es)?$/i.test(answer.trim())
}
