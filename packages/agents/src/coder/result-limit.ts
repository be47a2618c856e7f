import { charactersOf } from './conversation/estimate.ts'
import type { CoderSettings } from './settings.ts'

/** No result is longer, however large the model's window. In characters. */
const longestResult = 30_000
const shortestResult = 1000
/** What all results of one answer may take up of the room for a question. */
const resultsShare = 0.2

/** Characters that the result of each of the calls of one answer may have. */
export function resultLimit(settings: CoderSettings, calls: number): number {
  const share = Math.floor(charactersOf(settings, resultsShare) / calls)
  return Math.min(Math.max(share, shortestResult), longestResult)
}
