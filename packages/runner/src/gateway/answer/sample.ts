import { endOfEventAt } from './server-sent-events.ts'

/**
 * How much a model has written, from a part of what it has sent: only needed where the upstream's own count
 * never comes, and to take each event apart for that costs more than all else a gateway does.
 */
export interface Sample {
  /**
   * How many of these bytes, from their beginning to the end of an event, are to be read. Which ones is left to
   * chance: nobody can write around it.
   */
  wants: (events: Buffer, mustBeRead: boolean) => number
  /** Adds characters found in what is read. */
  add: (characters: number) => void
  /** Of all of it, the rest at the rate of what was read. */
  written: () => number
}

/** Read whole: who answers is said in there, and many answers are no longer. */
const readWhole = 16 * 1024
/** How many of the chunks that come later are read, and how much of one. */
const share = 1 / 32
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
    wants(events, mustBeRead) {
      const length = mustBeRead ? events.length : shareOf(events)
      read += length
      skipped += events.length - length
      return length
    },
    add(characters) {
      found += characters
    },
    written: () => (read === 0 ? found : Math.round(found * (1 + skipped / read))),
  }
}
