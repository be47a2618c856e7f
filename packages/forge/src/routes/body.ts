import { ErrandError, type FieldError } from '@errand/contract'
import { z } from 'zod'

/** Text for git: a NUL would end it early, or be refused by the system. */
export const text = z.string().refine((value) => !value.includes('\u0000'), 'must not contain NUL')

/** A body by its schema. @throws ErrandError that names each field */
export function readBody<T extends z.ZodType>(
  schema: T,
  body: unknown,
  resource: string,
): z.infer<T> {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw new ErrandError('body_not_object')
  }
  return readInput(schema, body ?? {}, resource)
}

/** As `readBody`, for a query. */
export function readInput<T extends z.ZodType>(
  schema: T,
  input: unknown,
  resource: string,
): z.infer<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map((issue) => presentIssue(issue, input, resource))
  const isWrongType = errors.some((error) => error.code === 'invalid')
  throw new ErrandError(isWrongType ? 'invalid_request' : 'validation_failed', { errors })
}

function presentIssue(issue: z.core.$ZodIssue, input: unknown, resource: string): FieldError {
  const field = issue.path.join('.')
  if (issue.code !== 'invalid_type') {
    return { resource, field, code: 'custom', message: `${field}: ${issue.message}` }
  }
  return issue.path.length === 1 && !Object.hasOwn(Object(input), field)
    ? { resource, field, code: 'missing_field', message: `${field} is missing` }
    : { resource, field, code: 'invalid', message: `${field} must be of type ${issue.expected}` }
}
