import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

interface Operation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}

interface Description {
  paths: Record<string, Record<string, Operation>>
}

// GitHub's published description, cut to the paths that Errand answers.
const description = JSON.parse(
  readFileSync(new URL('../fixtures/github.openapi.json', import.meta.url), 'utf8'),
) as Description

const ajv = new Ajv({ strict: false, allErrors: true })
// The package is CommonJS: its function is both the module and its default.
;(addFormats as unknown as (ajv: Ajv) => void)(ajv)

interface Known {
  method: string
  pattern: RegExp
  operation: Operation
}

const operations: Known[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replace(/\{path\}/g, '.+').replace(/\{\w+\}/g, '[^/]+')}$`),
    operation,
  })),
)

const validators = new Map<string, ValidateFunction | undefined>()

function validatorOf(operation: Operation, status: number): ValidateFunction | undefined {
  const key = `${operation.operationId} ${status}`
  if (!validators.has(key)) {
    const schema = operation.responses[status]?.content?.['application/json']?.schema
    validators.set(key, schema && ajv.compile(toJsonSchema(schema) as object))
  }
  return validators.get(key)
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type `null`. */
function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema)
  if (typeof schema !== 'object' || schema === null) return schema
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, toJsonSchema(value)]),
  )
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest
}

/** The operation of GitHub's that a call goes to, at `/` or at `/api/v3`. */
export function operationOf(method: string, path: string): string | undefined {
  return findOperation(method, path)?.operationId
}

function findOperation(method: string, path: string): Operation | undefined {
  const plain = path.replace(/^\/api\/v3(?=\/)/, '').replace(/\?.*$/, '')
  const found = operations.filter((known) => known.method === method && known.pattern.test(plain))
  // `/repos/{owner}/{repo}` and `/user/{x}` may both fit: the one with the most fixed words wins.
  return found.toSorted((a, b) => b.pattern.source.length - a.pattern.source.length)[0]?.operation
}

/**
 * Throws with every violation when an answer is not what GitHub's description says of the operation.
 * Statuses the description does not list are held to the shape of its errors. For the operations on
 * tasks null is a violation too, except in `archived_at` (behaviour.md 1.4).
 */
export function requireContract(method: string, path: string, status: number, body: unknown): void {
  const operation = findOperation(method, path)
  if (operation === undefined) return
  const { operationId } = operation
  const violations: string[] = []
  const validate = validatorOf(operation, status)
  if (validate?.(body) === false) {
    violations.push(...(validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`))
  }
  if (status >= 400) violations.push(...violationsOfError(body))
  if (operationId.startsWith('agent-tasks/')) violations.push(...nullsIn(body))
  if (violations.length > 0) {
    const text = JSON.stringify(body).slice(0, 500)
    throw new Error(
      `${operationId} ${status} breaks the contract:\n${violations.join('\n')}\n${text}`,
    )
  }
}

function violationsOfError(body: unknown): string[] {
  const { message, documentation_url: documentation } = (body ?? {}) as Record<string, unknown>
  return [
    typeof message === 'string' ? '' : '/message must be string',
    typeof documentation === 'string' ? '' : '/documentation_url must be string',
  ].filter((violation) => violation !== '')
}

function nullsIn(value: unknown, path = ''): string[] {
  if (value === null) return path.endsWith('/archived_at') ? [] : [`${path} must not be null`]
  if (typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => nullsIn(inner, `${path}/${key}`))
}

/** A fetch that holds every answer of one of GitHub's operations against the contract. */
export async function checkedFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init)
  const url = new URL(input instanceof Request ? input.url : input)
  const method = (input instanceof Request ? input.method : init?.method) ?? 'GET'
  const isJson = response.headers.get('content-type')?.includes('json') === true
  if (isJson && response.status !== 304) {
    requireContract(
      method.toUpperCase(),
      url.pathname,
      response.status,
      await response.clone().json(),
    )
  }
  return response
}
