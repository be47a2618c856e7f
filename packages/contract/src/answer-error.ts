import { z } from 'zod'
import { type ErrorBody, FieldError } from './errors.ts'

/** An answer that is an error, as a client received it, with what the server said of it. */
export class AnswerError extends Error {
  readonly status: number
  readonly body: ErrorBody
  readonly requestId: string | undefined
  /** How long the server asks to be left alone, when a rate limit is why it refused. */
  readonly retryAfterMs: number | undefined

  constructor(
    status: number,
    body: ErrorBody,
    { requestId, retryAfterMs }: { requestId?: string; retryAfterMs?: number } = {},
  ) {
    super(body.message)
    this.name = 'AnswerError'
    this.status = status
    this.body = body
    this.requestId = requestId
    this.retryAfterMs = retryAfterMs
  }
}

/** An answer about one repository or task; a missing sign-in is about all of them. */
export function isRefusal(error: unknown): error is AnswerError {
  return (
    error instanceof AnswerError &&
    error.retryAfterMs === undefined &&
    error.status >= 400 &&
    error.status < 500 &&
    ![401, 408, 429].includes(error.status)
  )
}

/** What can be made of an error's body: a proxy may answer HTML, and GitHub's `errors` vary. */
const AnyErrorBody = z.object({
  message: z.string(),
  documentation_url: z.string().catch(''),
  errors: z.array(FieldError).catch([]),
})

export async function readAnswerError(response: Response): Promise<AnswerError> {
  const parsed = AnyErrorBody.safeParse(parseJson(await response.text()))
  const body = parsed.success
    ? parsed.data
    : { message: `HTTP ${response.status} ${response.statusText}`.trim(), documentation_url: '' }
  const requestId = response.headers.get('x-github-request-id')
  const retryAfterMs = retryAfterOf(response, body.message)
  return new AnswerError(response.status, body, {
    ...(requestId === null ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** What GitHub's documentation says to wait when it says nothing itself. */
const secondaryLimitMs = 60_000

/** In the order of https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api */
function retryAfterOf({ status, headers }: Response, message: string): number | undefined {
  if (status !== 403 && status !== 429) return undefined
  const after = Number(headers.get('retry-after') ?? Number.NaN)
  if (after >= 0) return after * 1000
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN)
  if (headers.get('x-ratelimit-remaining') === '0' && reset > 0) {
    return Math.max(0, reset * 1000 - Date.now())
  }
  return status === 429 || /secondary rate limit/i.test(message) ? secondaryLimitMs : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
