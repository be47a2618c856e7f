import { setTimeout as delay } from 'node:timers/promises'
import { type Client, createPace, speaksErrand, waitOut } from '@errand/contract'
import { UserError } from '../errors.ts'
import { createForgeLookup } from '../present/task-fields.ts'
import { type Terminal } from '../terminal/terminal.ts'
import { type Journal } from './journal.ts'
import { type Progress } from './progress.ts'
import { openProgressPrinter } from './progress-printer.ts'
import { readQuestion } from './read-question.ts'
import { refreshOpen } from './refresh-open.ts'
import { nextToSend } from './send-order.ts'
import { sendTask } from './send-task.ts'

const pollMs = 1000
/** GitHub counts requests, and its tasks take minutes: while nothing changes it is asked less often. */
const longestPollMs = { errand: pollMs, github: 15_000 }

export interface FanoutOptions {
  /** Do not ask after the canary. */
  yes: boolean
}

/** Why a campaign was left before all was sent. */
export interface FanoutEnd {
  stopped?: string
}

/**
 * Sends what is left of a campaign and follows it until all that was sent has ended. Ctrl-C throws
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
  const isErrand = await speaksErrand(client, signal)
  const pace = createPace(isErrand, sentAt)
  const forge = createForgeLookup(client, signal)
  using printer = openProgressPrinter(terminal, journal)
  const waiting = { pace, signal, onWait: printer.wait }
  const sending = new Map<string, Promise<void>>()
  let failure: { error: unknown } | undefined
  let stopped: string | undefined

  function begin(progress: Progress): void {
    const { repository } = progress
    const work = sendTask({ client, isErrand, journal, forge, ...waiting }, progress)
      .then(() => printer.sent(repository))
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => sending.delete(repository))
    sending.set(repository, work)
  }

  /** Sends all that may go out now. False when nothing more will be. */
  async function sendMore(): Promise<boolean> {
    while (sending.size < pace.atOnce && stopped === undefined) {
      const next = nextToSend({
        campaign: journal.campaign.campaign,
        progress: journal.progress.values(),
        sending: new Set(sending.keys()),
        isCanaryPassed: journal.isCanaryPassed,
        maxAiCredits: journal.maxAiCredits,
      })
      if (next.type === 'done') return false
      if (next.type === 'wait') return true
      if (next.type === 'send') begin(next.progress)
      if (next.type === 'stop') stopped = next.reason
      if (next.type === 'ask') {
        const isPassed = options.yes || (await askToGoOn(terminal, journal, next))
        if (isPassed) await journal.append({ type: 'canary_passed' })
        else stopped = 'the canary is done, and the rest was not asked for'
      }
    }
    return stopped === undefined
  }

  /** Whether anything has changed. */
  async function refresh(): Promise<boolean> {
    let isChanged = false
    await refreshOpen({
      client,
      journal,
      forge,
      signal,
      async onState(progress, task) {
        isChanged = true
        const isAsked = task.state === 'waiting_for_user' && isErrand
        printer.changed(progress, isAsked ? await readQuestion(client, task.id, signal) : undefined)
      },
    })
    return isChanged
  }

  let pauseMs = pollMs
  let polledAt = Date.now()
  let failedPolls = 0
  try {
    for (;;) {
      const isMore = await sendMore()
      if (failure !== undefined) throw failure.error
      const isOpen = [...journal.progress.values()].some(({ step }) => step === 'open')
      if (!isMore && sending.size === 0 && !isOpen) break
      await untilAny(polledAt + pauseMs - Date.now(), sending.values(), signal)
      if (Date.now() < polledAt + pauseMs) continue
      try {
        const longest = longestPollMs[isErrand ? 'errand' : 'github']
        pauseMs = (await refresh()) ? pollMs : Math.min(2 * pauseMs, longest)
        failedPolls = 0
      } catch (error) {
        await waitOut(waiting, error, failedPolls)
        failedPolls += 1
      }
      polledAt = Date.now()
    }
  } finally {
    await Promise.allSettled(sending.values())
  }
  return stopped === undefined ? {} : { stopped }
}

/** Resolves when the time is over or one of the others has ended. */
async function untilAny(
  ms: number,
  others: Iterable<Promise<void>>,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const pause = delay(Math.max(0, ms), undefined, {
    signal: AbortSignal.any([signal, over.signal]),
  }).catch(() => undefined)
  await Promise.race([pause, ...others])
  over.abort()
  signal.throwIfAborted()
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
