/**
 * How much a model has written, from a part of what it has sent: only needed where the upstream's own count
 * never comes, and to take each event apart for that costs more than all else a gateway does.
 */
export interface Sample {
  /** Whether these bytes are to be read. Which ones is left to chance: nobody can write around it. */
  wants: (bytes: Buffer, mustBeRead: boolean) => boolean
  /** Adds characters found in what is read. */
  add: (characters: number) => void
  /** Of all of it, the rest at the rate of what was read. */
  written: () => number
}

/** Read whole: who answers is said in there, and many answers are no longer. */
const readWhole = 16 * 1024
/** Of what comes later. */
const share = 1 / 16

export function createSample(random: () => number = Math.random): Sample {
  let read = 0
  let skipped = 0
  let found = 0
  return {
    wants({ length }, mustBeRead) {
      const isRead = mustBeRead || read < readWhole || random() < share
      if (isRead) read += length
      else skipped += length
      return isRead
    },
    add(characters) {
      found += characters
    },
    written: () => (read === 0 ? found : Math.round(found * (1 + skipped / read))),
  }
}
