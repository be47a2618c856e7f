import { randomUUID } from 'node:crypto'
import type { EventData, Model } from '@errand/contract'
import {
  countRequest,
  credits,
  isDisconnected,
  monthOf,
  type Multipliers,
  multiplierLimitFor,
  multipliersOf,
  nameOfBudget,
  noTokens,
  type PriceList,
  priceListOf,
  reserveRequest,
  type Served,
  shareOf,
  type SpentBudget,
  subjectOf,
  type TokenCounts,
} from '@errand/core'

import type { AgentNotes } from '../agent-notes.ts'
import { RunStopped } from '../failures.ts'
import { TooManyQuestions } from '../questions.ts'
import type { Run } from '../run/run.ts'
import { GatewayRefusal, usedUpCode } from './refusal.ts'
import {
  openStandingReservations,
  type Planned,
  type Reserved,
  type StandingReservations,
} from './standing-reservations.ts'

/** What a session's requests cost, held against the budgets. */
export interface Spending {
  /**
   * Reserves what a request may cost. Where a budget is used up it waits until there is room again,
   * with the box alive at first: the agent notices nothing of that.
   *
   * @throws GatewayRefusal when the session is put away, its lease is lost, or the model is dearer than
   *   may be used
   */
  begin(call: PlannedCall): Promise<OpenRequest>
  /** Frees what is held for requests to come. Never rejects. */
  close(): Promise<void>
}

export interface PlannedCall {
  model: Model
  bodyBytes: number
  /** Tokens the answer may have. Default: the model's `max_output_tokens`. */
  mostOutput?: number | undefined
  /** The upstreams it may go to: what is reserved is what the dearest of them may cost. */
  upstreams: readonly string[]
}

/** A request that is on its way. */
export interface OpenRequest {
  /** Counts what the upstream has reported so far, at the price of who answers. Never rejects. */
  count(tokens: TokenCounts, served?: Served): Promise<void>
  /** Why the model that answered may not, by the name it gave itself; absent where each may. */
  refusalOf?: (answeredBy: string) => string | undefined
  /** Counts the last of it, once, and frees what is left of the reservation. Never rejects. */
  end(tokens: TokenCounts | undefined, served?: Served): Promise<void>
}

export interface SpendingOptions {
  /** Asks for a budget to be raised. False when the session is put away meanwhile. */
  onUsedUp: (question: { message: string; accountId: string }) => Promise<boolean>
  /** Where the agent is told that little is left. */
  notes: AgentNotes
}

/** Few languages have fewer bytes to a token: what is reserved should rather be too much. */
const bytesPerToken = 3

export function openSpending(run: Run, { onUsedUp, notes }: SpendingOptions): Spending {
  const { store, settings } = run.context
  const warned = new Set<string>()
  const standing = openStandingReservations(run)
  let terms: Terms | undefined
  const raises = askOneAtATime(onUsedUp)

  async function raise({ budget, spent_nano: spent }: SpentBudget): Promise<void> {
    const share = shareOf(spent, budget.limit_nano)
    const name = nameOfBudget(budget)
    const message = `${capital(name)} is used up: ${share}, with what is reserved for requests on their way. When it is raised, the work goes on by itself.`
    if (await onceAnswered(raises.ask({ message, accountId: budget.account_id }))) return
    throw new GatewayRefusal(429, `${capital(name)} is used up: ${share}`, undefined, usedUpCode)
  }

  function warn(near: readonly SpentBudget[]): void {
    // One that was raised is another: little may be left of it again.
    const keyOf = ({ budget }: SpentBudget): string => `${budget.account_id} ${budget.limit_nano}`
    const found = near.filter((one) => !warned.has(keyOf(one)))
    for (const one of found) {
      warned.add(keyOf(one))
      run.recorder.add({ type: 'session.budget_warning', data: presentWarning(one) })
    }
    const [tightest] = found
      .filter(({ budget }) => budget.prevents)
      .toSorted((a, b) => leftOf(a) - leftOf(b))
    if (tightest !== undefined) notes.add(composeNote(tightest))
  }

  async function reserve(planned: Planned): Promise<Reserved> {
    for (;;) {
      const raisedBefore = raises.count
      const reserved = await reserveRequest(store, run.lease, planned, settings)
      switch (reserved.outcome) {
        case 'stale':
          run.stop(new RunStopped('lease_lost'))
          throw new GatewayRefusal(401, 'This session is over')
        case 'too_dear':
          throw tooDear(planned.model, planned.multiplier, reserved.max_multiplier)
        case 'reserved':
          warn(reserved.near)
          return {
            ...planned,
            needed_nano: planned.most_nano,
            maxMultiplier: reserved.max_multiplier,
            month: monthOf(store),
            askedAt: performance.now(),
            isBound: reserved.is_bound,
          }
        case 'used_up':
          // Raised while the store was asked: what it found may be of before.
          if (raises.count === raisedBefore) await raise(reserved.spent)
      }
    }
  }

  return {
    async begin({ model, bodyBytes, mostOutput, upstreams }) {
      terms ??= await readTerms(run)
      const { prices, multipliers, limit } = terms
      const most = {
        ...noTokens,
        input_tokens: Math.ceil(bodyBytes / bytesPerToken),
        output_tokens: mostOutput ?? model.max_output_tokens,
      }
      const multiplier = multipliers.of(model.id)
      if (multiplier > limit) throw tooDear(model.id, multiplier, limit)
      const costs = upstreams.map((upstream) =>
        prices.costOf({ model: model.id, ...most }, { upstream }),
      )
      const needed = { model: model.id, most_nano: Math.max(0, ...costs), multiplier }
      const reserved = standing.take(needed) ?? (await reserve({ ...needed, id: randomUUID() }))
      const request = openRequest(run, reserved, standing)
      const mostAllowed = Math.min(limit, reserved.maxMultiplier)
      if (mostAllowed === Number.POSITIVE_INFINITY) return request
      return {
        ...request,
        refusalOf(answeredBy) {
          const answered = multipliers.ofAnswer(model.id, answeredBy)
          return answered > mostAllowed ? dearness(answeredBy, answered, mostAllowed) : undefined
        },
      }
    },
    close: () => standing.close(),
  }
}

/** What the settings say of all requests of a session. */
interface Terms {
  prices: PriceList
  multipliers: Multipliers
  /** The dearest multiplier a request may have, the task's own left out. */
  limit: number
}

async function readTerms({ context: { settings }, lease: { task, session } }: Run): Promise<Terms> {
  return {
    prices: await priceListOf(settings),
    multipliers: await multipliersOf(settings),
    limit: multiplierLimitFor(settings, subjectOf(task, session)),
  }
}

/** Several requests at a time wait for one answer. `count` is how often it was yes. */
function askOneAtATime(onUsedUp: SpendingOptions['onUsedUp']) {
  let asking: Promise<boolean> | undefined
  const raises = {
    count: 0,
    ask(question: Parameters<typeof onUsedUp>[0]): Promise<boolean> {
      asking ??= onUsedUp(question)
        .then((isRaised) => {
          if (isRaised) raises.count += 1
          return isRaised
        })
        .finally(() => {
          asking = undefined
        })
      return asking
    },
  }
  return raises
}

/** Where the session may ask no more questions, the agent is refused as if nobody had answered. */
async function onceAnswered(raising: Promise<boolean>): Promise<boolean> {
  try {
    return await raising
  } catch (error) {
    if (error instanceof TooManyQuestions) return false
    throw error
  }
}

function tooDear(model: string, multiplier: number, limit: number): GatewayRefusal {
  return new GatewayRefusal(403, dearness(model, multiplier, limit))
}

function dearness(model: string, multiplier: number, limit: number): string {
  return `The multiplier of ${model} is ${multiplier}, and ${limit} is the most allowed here`
}

function leftOf({ budget, spent_nano: spent }: SpentBudget): number {
  return Math.max(0, budget.limit_nano - spent)
}

function tellLeft(near: SpentBudget): string {
  const { budget, spent_nano: spent } = near
  return `Of ${nameOfBudget(budget)} ${shareOf(spent, budget.limit_nano)} are spent; ${credits(leftOf(near))} are left.`
}

function presentWarning(near: SpentBudget): EventData['session.budget_warning'] {
  const { scope, name, limit_nano: limit, prevents } = near.budget
  return {
    scope,
    name,
    limit: { type: 'ai_credits', amount: limit },
    spent: { type: 'ai_credits', amount: near.spent_nano },
    prevent_further_usage: prevents,
    message: tellLeft(near),
  }
}

/** An agent is not to take it for its user's words, nor for a reason to stop at once. */
function composeNote(near: SpentBudget): string {
  return `[Note from Errand, not from the user] ${tellLeft(near)} When nothing is left, the work is interrupted. Go on, with what matters most first; keep the files in a state that can be used as it is, and do not begin what you cannot finish.`
}

function openRequest(run: Run, reserved: Reserved, standing: StandingReservations): OpenRequest {
  const { model } = reserved
  // One after the other: what is reported later is more.
  let counted: Promise<void> = reserved.stored ?? Promise.resolve()

  function count(tokens: TokenCounts | undefined, served: Served, isFinal: boolean): Promise<void> {
    const before = counted
    const work = async (next?: Reserved): Promise<void> => {
      await before
      const prices = await priceListOf(run.context.settings)
      const nano = tokens && prices.costOf({ model, ...tokens }, served)
      const found = tokens === undefined ? undefined : { tokens, nano: nano ?? 0 }
      await countRequest(run.context.store, reserved.id, found, { isFinal, next })
    }
    counted = (isFinal ? standing.keep(reserved, work) : work()).catch(noteFailure)
    return counted
  }

  function noteFailure(error: unknown): void {
    if (isDisconnected(error)) run.stop(new RunStopped('lease_lost', error))
    else run.context.log.error({ err: error }, 'what a request used could not be counted')
  }

  function tell(tokens: TokenCounts | undefined): void {
    if (tokens === undefined || run.signal.aborted) return
    const { cache_write_1h_tokens: _, ...told } = tokens
    run.recorder.add({ type: 'assistant.usage', data: { model, ...told } })
  }

  let ended: Promise<void> | undefined
  return {
    count: (tokens, served = {}) => count(tokens, served, false),
    end(tokens, served = {}) {
      ended ??= count(tokens, served, true).then(() => tell(tokens))
      return ended
    },
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
