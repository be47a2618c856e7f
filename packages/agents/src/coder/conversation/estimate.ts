import type { CoderSettings } from '../settings.ts'

/** English and code have 3 to 4 bytes per token; scripts of 3 bytes per character about as many. */
const bytesPerToken = 3.5

/** Tokens of anything that is sent, guessed from the length of its JSON. */
export function estimateTokens(content: unknown): number {
  return Math.ceil(Buffer.byteLength(JSON.stringify(content)) / bytesPerToken)
}

/** Corrects the guesses by what the model counted; wild figures are not believed. */
export function correctScale(estimatedTokens: number, countedTokens: number): number {
  return Math.min(Math.max(countedTokens / estimatedTokens, 0.4), 3)
}

/** Tokens a question may have, so that the answer fits behind it. */
export function questionRoom(settings: CoderSettings): number {
  return settings.contextWindow - settings.maxOutputTokens
}

/** Characters that take up this share of the room for a question. */
export function charactersOf(settings: CoderSettings, share: number): number {
  return Math.floor(questionRoom(settings) * share * bytesPerToken)
}
