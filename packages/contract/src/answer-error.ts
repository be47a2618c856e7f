import { z } from 'zod'
import { type ErrorBody, FieldError } from './errors.ts'

/** An answer that is an error, as a client received it, with what the server said of it. */
export class AnswerError extends Error {
  readonly status: number
  readonly body: ErrorBody
  readonly requestId: string | undefined

  constructor(status: number, body: ErrorBody, requestId?: string) {
    super(body.message)
    this.name = 'AnswerError'
    this.status = status
    this.body = body
    this.requestId = requestId
  }
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
  return new AnswerError(response.status, body, requestIdOf(response))
}

function requestIdOf(response: Response): string | undefined {
  return response.headers.get('x-github-request-id') ?? undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
