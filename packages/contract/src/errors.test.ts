import { describe, expect, it } from 'vitest'
import { ErrandError, errorTable, type ErrorName, FieldError, invalidField } from './index.ts'

const names = Object.keys(errorTable) as ErrorName[]

it.each(names)('gives %s its status and its text', (name) => {
  const error = new ErrandError(name)

  expect(error).toMatchObject({
    name: 'ErrandError',
    errorName: name,
    errors: [],
    headers: {},
    ...errorTable[name],
  })
})

describe('texts that clients match on', () => {
  it.each([
    ['bad_json', 400, 'Problems parsing JSON'],
    ['body_not_object', 400, 'Body should be a JSON object'],
    ['requires_authentication', 401, 'Requires authentication'],
    ['bad_credentials', 401, 'Bad credentials'],
    ['integration_not_accessible', 403, 'Resource not accessible by integration'],
    ['token_not_accessible', 403, 'Resource not accessible by personal access token'],
    ['plan_required', 403, 'This API requires a valid Copilot license.'],
    ['not_found', 404, 'Not Found'],
    ['validation_failed', 422, 'Validation Failed'],
    ['internal', 500, 'Server Error'],
  ] as const)('%s is %i %s', (name, status, message) => {
    expect(errorTable[name]).toEqual({ status, message })
  })

  it('lets the throttling of Octokit and go-github know a secondary limit', () => {
    expect(errorTable.secondary_rate_limited.message).toMatch(/\bsecondary rate\b/i)
    expect([403, 429]).toContain(errorTable.secondary_rate_limited.status)
  })
})

it('keeps the cause, and a message that tells more than the table', () => {
  const cause = new Error('disk full')

  const error = new ErrandError('unavailable', { message: 'The disk is full', cause })

  expect(error.cause).toBe(cause)
  expect(error).toMatchObject({ message: 'The disk is full', status: 503 })
})

it('names the field that is invalid, in an entry the schema takes', () => {
  const error = invalidField('model', "model 'x' is not supported")

  expect(error.status).toBe(422)
  expect(error.errors.map((entry) => FieldError.parse(entry))).toEqual([
    { resource: 'Task', field: 'model', code: 'custom', message: "model 'x' is not supported" },
  ])
})
