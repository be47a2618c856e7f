import { createHash } from 'node:crypto'

/** Steps without anything new after which the model is told, and after which the turn ends. */
const toldAfter = 3
const endedAfter = 8

/** Sees a model go round in circles: the same calls with the same results, in whatever order. */
export interface ProgressWatch {
  /** Takes a step: what was called, and what came of it. */
  note(step: unknown): 'new' | 'repeated' | 'to_be_told' | 'stuck'
}

export function watchProgress(): ProgressWatch {
  const seen = new Set<string>()
  let repeated = 0
  return {
    note(step) {
      const hash = createHash('sha256').update(JSON.stringify(step)).digest('base64')
      if (!seen.has(hash)) {
        seen.add(hash)
        repeated = 0
        return 'new'
      }
      repeated += 1
      if (repeated >= endedAfter) return 'stuck'
      return repeated === toldAfter ? 'to_be_told' : 'repeated'
    },
  }
}

export const repetitionLimit = endedAfter
