import { ErrandError, type ErrorBody, type FieldError } from '@errand/contract'
import { isDisconnected, type Log } from '@errand/core'
import { z } from 'zod'

const documentationUrl = 'https://docs.github.com/rest'

/** What clients look for in a secondary limit's answer (behaviour.md 2.4). */
const secondaryLimitUrl =
  'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits'

export interface ErrorAnswer {
  status: number
  headers: Record<string, string>
  body: ErrorBody & { code?: string; error?: string }
}

/**
 * Turns whatever was thrown into GitHub's shape: the only place that writes an error to HTTP. What is
 * not an error of ours becomes `internal`, is logged with the request's id, and says nothing more.
 */
export function presentError(thrown: unknown, log: Log, requestId: string): ErrorAnswer {
  const error = toErrandError(thrown)
  if (error.status >= 500) log.error({ err: thrown, requestId }, 'request failed')
  return {
    status: error.status,
    headers: {
      ...(error.errorName === 'unavailable' ? { 'retry-after': '5' } : {}),
      ...error.headers,
    },
    body: {
      ...(error.errorName === 'plan_required'
        ? { code: 'copilot_plan_required', error: 'forbidden' }
        : {}),
      message: error.message,
      ...(error.errors.length > 0 ? { errors: error.errors } : {}),
      documentation_url:
        error.documentationUrl ??
        (error.errorName === 'secondary_rate_limited' ? secondaryLimitUrl : documentationUrl),
      status: String(error.status),
    },
  }
}

function toErrandError(thrown: unknown): ErrandError {
  if (thrown instanceof ErrandError) return thrown
  if (isDisconnected(thrown)) return new ErrandError('unavailable', { cause: thrown })
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : undefined
  // Fastify's own refusals carry a status: a body that is too large, of a type that a page does not take,
  // or one that broke off.
  if (status === 413) return new ErrandError('payload_too_large', { cause: thrown })
  if (status === 415) return new ErrandError('unsupported_media_type', { cause: thrown })
  if (status === 400) return new ErrandError('bad_json', { cause: thrown })
  return new ErrandError('internal', { cause: thrown })
}

/**
 * Parses what a caller sent. A wrong type is GitHub's "Invalid request", anything else its
 * "Validation Failed"; both name each field.
 *
 * @param resource what it is about, as GitHub names it
 */
export function parseInput<T extends z.ZodType>(
  schema: T,
  input: unknown,
  resource = 'Task',
): z.infer<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map((issue) => presentIssue(issue, input, resource))
  const isWrongType = errors.some((error) => error.code === 'invalid')
  throw new ErrandError(isWrongType ? 'invalid_request' : 'validation_failed', { errors })
}

function presentIssue(issue: z.core.$ZodIssue, input: unknown, resource: string): FieldError {
  // An entry of a list is named by its list.
  const field = issue.path.filter((key) => typeof key !== 'number').join('.')
  const about = { resource, field }
  if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) {
    return { ...about, code: 'missing_field', message: `${field} is missing` }
  }
  if (issue.code === 'invalid_type') {
    return { ...about, code: 'invalid', message: `${field} must be of type ${issue.expected}` }
  }
  return { ...about, code: 'custom', message: `${field}: ${issue.message}` }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}
