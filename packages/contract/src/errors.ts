import { z } from 'zod'

/**
 * Everything that can go wrong to a caller: the only list. Texts are those clients match on
 * (behaviour.md 1.7, 2.1, 2.4).
 */
export const errorTable = {
  bad_json: { status: 400, message: 'Problems parsing JSON' },
  body_not_object: { status: 400, message: 'Body should be a JSON object' },
  unsupported_version: {
    status: 400,
    message: 'The X-GitHub-Api-Version given is not supported; send 2022-11-28 or 2026-03-10',
  },
  removed_version: { status: 410, message: 'This version of the API has been removed' },
  requires_authentication: { status: 401, message: 'Requires authentication' },
  bad_credentials: { status: 401, message: 'Bad credentials' },
  user_agent_required: {
    status: 403,
    message: 'Request forbidden by administrative rules. Please send a User-Agent header',
  },
  forbidden: { status: 403, message: 'Forbidden' },
  integration_not_accessible: { status: 403, message: 'Resource not accessible by integration' },
  token_not_accessible: {
    status: 403,
    message: 'Resource not accessible by personal access token',
  },
  plan_required: { status: 403, message: 'This API requires a valid Copilot license.' },
  not_found: { status: 404, message: 'Not Found' },
  not_mergeable: { status: 405, message: 'Pull Request is not mergeable' },
  conflict: { status: 409, message: 'Conflict' },
  empty_repository: { status: 409, message: 'Git Repository is empty.' },
  precondition_failed: { status: 412, message: 'Precondition Failed' },
  payload_too_large: { status: 413, message: 'Payload Too Large' },
  unsupported_media_type: { status: 415, message: 'Unsupported Media Type' },
  invalid_request: { status: 422, message: 'Invalid request' },
  validation_failed: { status: 422, message: 'Validation Failed' },
  rate_limited: { status: 403, message: 'API rate limit exceeded' },
  secondary_rate_limited: {
    status: 429,
    message: 'You have exceeded a secondary rate limit. Please wait a few minutes and try again.',
  },
  internal: { status: 500, message: 'Server Error' },
  bad_upstream: { status: 502, message: 'The forge did not answer as expected' },
  unavailable: { status: 503, message: 'Service Unavailable' },
} as const satisfies Record<string, { status: number; message: string }>

export type ErrorName = keyof typeof errorTable

/** One entry of `errors` in a 422 answer. `message` is filled when `code` is `custom`. */
export const FieldError = z.object({
  code: z.enum([
    'missing',
    'missing_field',
    'invalid',
    'already_exists',
    'unprocessable',
    'custom',
  ]),
  resource: z.string().exactOptional(),
  field: z.string().exactOptional(),
  message: z.string().exactOptional(),
})
export type FieldError = z.infer<typeof FieldError>

/** An error as answered. `status` is a string, as in GitHub's generic errors (behaviour.md 2.4). */
export const ErrorBody = z.object({
  message: z.string(),
  documentation_url: z.string(),
  status: z.string().exactOptional(),
  errors: z.array(FieldError).exactOptional(),
})
export type ErrorBody = z.infer<typeof ErrorBody>

/** What a redirect from a repository's former name says besides `Location` (behaviour.md 2.4). */
export const Moved = z.object({
  message: z.string(),
  url: z.url(),
  documentation_url: z.string(),
})

export interface ErrandErrorOptions {
  /** Replaces the table's message where a more telling one is known. */
  message?: string
  errors?: FieldError[]
  headers?: Record<string, string>
  documentationUrl?: string
  cause?: unknown
}

/**
 * The one error that is thrown on purpose, by name of the table. Whoever throws it knows no HTTP:
 * the status is the table's. Translated in three places only: server, terminal, session end.
 */
export class ErrandError extends Error {
  readonly errorName: ErrorName
  readonly errors: FieldError[]
  readonly headers: Record<string, string>
  readonly documentationUrl: string | undefined

  constructor(name: ErrorName, options: ErrandErrorOptions = {}) {
    super(options.message ?? errorTable[name].message, { cause: options.cause })
    this.name = 'ErrandError'
    this.errorName = name
    this.errors = options.errors ?? []
    this.headers = options.headers ?? {}
    this.documentationUrl = options.documentationUrl
  }

  get status(): number {
    return errorTable[this.errorName].status
  }
}

/** A 422 about one field, with a message that names it. */
export function invalidField(field: string, message: string, resource = 'Task'): ErrandError {
  return new ErrandError('validation_failed', {
    errors: [{ resource, field, code: 'custom', message }],
  })
}
