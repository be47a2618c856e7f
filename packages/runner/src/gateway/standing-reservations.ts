import { randomUUID } from 'node:crypto'

import { countRequest, monthOf } from '@errand/core'

import type { Run } from '../run/run.ts'

/** What a request may cost, and of which model it is. */
export interface Planned {
  id: string
  model: string
  most_nano: number
  multiplier: number
}

/** A request that has reserved what it may cost. */
export interface Reserved extends Planned {
  /** What the request may really cost: conversations grow, and more is held for the next one. */
  needed_nano: number
  /** The dearest multiplier that the task may have. */
  maxMultiplier: number
  /** The month whose budgets hold it. */
  month: string
  /** When the store was asked, by `performance.now()`. */
  askedAt: number
  /** Whether a budget bounds it: then each request has to ask the store anew. */
  isBound: boolean
  /** Where it stood before: settles when it is stored under its own id, which all else of it waits for. */
  stored?: Promise<void>
}

/**
 * What a request has reserved is not freed at its end but stands for the next one of the same session, which
 * then waits for no statement before it is sent. So it is only where no budget bounds the session: there each
 * request asks whether it may be sent. A budget that the task is given meanwhile, a bound of its multiplier and the
 * loss of the lease are found out when the store is asked again, half a minute later at most; the lease's own beat
 * is sooner.
 */
export interface StandingReservations {
  /** One that is enough for this request; undefined where there is none. */
  take(needed: Omit<Planned, 'id'>): Reserved | undefined
  /**
   * Keeps for the next request what one has reserved that ends, where it may stand.
   *
   * @param store stores it under its new id, as soon as it can; it may be taken at once
   */
  keep(ended: Reserved, store: (next: Reserved | undefined) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Agents that do nothing for longer are at other things. */
const heldForMs = 30_000
/** How long requests may follow each other without the store being asked. */
const askedEveryMs = 30_000
/** Sub-agents ask several at a time. */
const mostStanding = 8
/** One that holds far more than is needed would keep others from it. */
const mostExcess = 4
/** From one request of a conversation to the next. */
const growth = 1.25

export function openStandingReservations(run: Run): StandingReservations {
  const { store, log } = run.context
  const held = new Map<string, { reserved: Reserved; timer: NodeJS.Timeout }>()
  let isClosed = false

  async function free({ id }: Reserved): Promise<void> {
    const standing = held.get(id)
    if (standing === undefined) return
    clearTimeout(standing.timer)
    held.delete(id)
    try {
      await standing.reserved.stored
      await countRequest(store, id, undefined, { isFinal: true })
    } catch (error) {
      // Those of a lost runner are swept, and so is this one.
      log.debug({ err: error }, 'what was held for a next request could not be freed')
    }
  }

  return {
    take({ model, most_nano: needed, multiplier }) {
      const month = monthOf(store)
      const found = [...held.values()].find(
        ({ reserved }) =>
          reserved.model === model &&
          reserved.month === month &&
          reserved.most_nano >= needed &&
          reserved.most_nano <= mostExcess * needed &&
          multiplier <= reserved.maxMultiplier,
      )
      if (found === undefined || run.signal.aborted) return undefined
      clearTimeout(found.timer)
      held.delete(found.reserved.id)
      return { ...found.reserved, needed_nano: needed }
    },
    async keep(ended, keepStored) {
      const isRoom = held.size < mostStanding
      const mayStand = !ended.isBound && performance.now() - ended.askedAt < askedEveryMs
      if (isClosed || !isRoom || !mayStand || run.signal.aborted) {
        await keepStored(undefined)
        return
      }
      const { stored: _, ...rest } = ended
      const next: Reserved = {
        ...rest,
        id: randomUUID(),
        most_nano: Math.ceil(ended.needed_nano * growth),
      }
      const stored = keepStored(next)
      const timer = setTimeout(() => void free(next), heldForMs).unref()
      held.set(next.id, { reserved: { ...next, stored }, timer })
      // What is not stored is swept, should it be there after all.
      await stored.catch((error: unknown) => {
        held.delete(next.id)
        clearTimeout(timer)
        throw error
      })
    },
    async close() {
      isClosed = true
      await Promise.all([...held.values()].map(({ reserved }) => free(reserved)))
    },
  }
}
