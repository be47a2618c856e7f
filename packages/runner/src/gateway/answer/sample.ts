import { endOfEventAt, endOfEvents } from './server-sent-events.ts'

/**
 * How much a model has written, from a part of what it has sent: only needed where the upstream's own count
 * never comes, and to take each event apart for that costs more than all else a gateway does.
 */
export interface Sample {
  /**
   * The events that are to be read: all from the one on in which the byte stands that `mustBeReadAt` finds (-1 for
   * none), and of those before it what chance picks, so that nobody can write around it.
   */
  pick: (events: Buffer, mustBeReadAt: () => number) => readonly Buffer[]
  /** Adds characters found in what is read. */
  add: (characters: number) => void
  /** Of all of it, the rest at the rate of what was read. */
  written: () => number
}

/** Read whole: who answers is said in there, and many answers are no longer. */
const readWhole = 8 * 1024
/** How many of the chunks that come later are read, and how much of one. */
const share = 1 / 64
const mostAtOnce = 16 * 1024

export function createSample(random: () => number = Math.random): Sample {
  let read = 0
  let skipped = 0
  let found = 0

  function shareOf(events: Buffer): number {
    if (read < readWhole) return endOfEventAt(events, readWhole - read)
    return random() < share ? endOfEventAt(events, mostAtOnce) : 0
  }

  return {
    pick(events, mustBeReadAt) {
      const { length } = events
      const end = shareOf(events)
      if (end === length) {
        read += length
        return [events]
      }
      const readAt = mustBeReadAt()
      const rest = readAt === -1 ? length : endOfEvents(events.subarray(0, readAt))
      const begin = Math.max(end, rest)
      read += end + length - begin
      skipped += begin - end
      return [events.subarray(0, end), events.subarray(begin)].filter((part) => part.length > 0)
    },
    add(characters) {
      found += characters
    },
    written: () => (read === 0 ? found : Math.round(found * (1 + skipped / read))),
  }
}
