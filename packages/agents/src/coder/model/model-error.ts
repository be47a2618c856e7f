import {
  APICallError,
  InvalidResponseDataError,
  NoOutputGeneratedError,
  StreamProviderError,
} from 'ai'
import { failure } from '../../acp/failure.ts'

/** An answer that ended without saying that it ends, or that says nothing. */
export class BrokenAnswer extends Error {}

/** No more may be spent: whoever sees to that has said so, and asking again does not change it. */
export class SpendingRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SpendingRefused'
  }
}

/**
 * Whether a model was refused because a budget or an account is used up. The gateway says it in OpenAI's word
 * (https://developers.openai.com/api/docs/guides/error-codes, `insufficient_quota`), Anthropic calls it
 * `billing_error`.
 */
export function isSpendingRefusal(error: unknown): boolean {
  if (StreamProviderError.isInstance(error)) {
    const { statusCode, code, type } = error
    return statusCode === 402 || [code, type].some((name) => isSpendingName(`"${name}"`))
  }
  if (!APICallError.isInstance(error)) return false
  return error.statusCode === 402 || isSpendingName(error.responseBody ?? '')
}

function isSpendingName(text: string): boolean {
  return /"(insufficient_quota|billing_error)"/.test(text)
}

/** Whether the same question may well be answered when it is asked again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof BrokenAnswer) return true
  if (isSpendingRefusal(error)) return false
  if (isIncomplete(error) || isNamelessStreamError(error)) return true
  if (APICallError.isInstance(error) || StreamProviderError.isInstance(error)) {
    // Some servers report being overloaded in ways the library takes for final.
    return error.isRetryable || isTransientStatus(error.statusCode)
  }
  return isNetworkError(error)
}

/** An answer without its end, or without anything, as the libraries for some APIs tell of it. */
function isIncomplete(error: unknown): boolean {
  return InvalidResponseDataError.isInstance(error) || NoOutputGeneratedError.isInstance(error)
}

/**
 * An error in the middle of an answer that comes without a status: by then the question was accepted.
 * Some servers do find out only then that it is no good; they name that as OpenAI does.
 */
function isNamelessStreamError(error: unknown): boolean {
  if (!StreamProviderError.isInstance(error) || error.statusCode !== undefined) return false
  return !/invalid|context_length|authentication|permission|not_found/.test(
    `${error.code} ${error.type}`,
  )
}

function isTransientStatus(status: number | undefined): boolean {
  return status === 408 || status === 409 || status === 429 || (status ?? 0) >= 500
}

/** A connection that broke while the answer was coming: the library hands on what fetch threw. */
function isNetworkError(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!('code' in at) || typeof at.code !== 'string') continue
    if (/^(UND_ERR_|ECONN|ETIMEDOUT$|EPIPE$|ENETUNREACH$|EHOSTUNREACH$)/.test(at.code)) return true
  }
  return false
}

/** Whether a question may have been refused for its length; servers have no common way to say so. */
export function mayBeTooLong(error: unknown): boolean {
  if (!APICallError.isInstance(error) && !StreamProviderError.isInstance(error)) return false
  return error.statusCode === 400 || error.statusCode === 413
}

/** How long the server asks to wait, in ms, if it does. */
export function retryAfterMs(error: unknown): number | undefined {
  if (!APICallError.isInstance(error)) return undefined
  const headers = error.responseHeaders ?? {}
  const ms = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (ms >= 0) return ms
  const text = headers['retry-after'] ?? ''
  const seconds = Number.parseFloat(text)
  if (seconds >= 0) return seconds * 1000
  const until = Date.parse(text) - Date.now()
  return Number.isNaN(until) ? undefined : Math.max(until, 0)
}

/** What happened, as the subject and verb of a sentence without its end. */
export function describeModelError(error: unknown): string {
  if (error instanceof BrokenAnswer) return error.message
  if (isIncomplete(error)) return 'The answer broke off before its end'
  const words = error instanceof Error ? error.message.trim().slice(0, 500) : 'unknown error'
  if (APICallError.isInstance(error) || StreamProviderError.isInstance(error)) {
    if (error.statusCode === undefined) {
      return StreamProviderError.isInstance(error)
        ? `The model's server broke off its answer (${words})`
        : `The model could not be reached (${words})`
    }
    return `The model's server answered ${error.statusCode} (${words})`
  }
  return `The model could not be used (${words})`
}

/** @returns what ends the session */
export function modelFailure(error: unknown): Error {
  return failure('model', `${describeModelError(error)}.`, error)
}
