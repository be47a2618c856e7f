import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

interface Operation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}

/** GitHub's published description, cut to what Errand answers. */
const fixture = new URL('../../../../test/fixtures/github.openapi.json', import.meta.url)
const description = JSON.parse(readFileSync(fixture, 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
}

const ajv = new Ajv({ strict: false, allErrors: true })
// The package is CommonJS: its function is both the module and its default.
;(addFormats as unknown as (ajv: Ajv) => void)(ajv)

const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(
      `^${path.replace(/\{(path|ref|branch|basehead)\}/g, '.+').replace(/\{\w+\}/g, '[^/]+')}$`,
    ),
    operation,
  })),
)

const validators = new Map<string, ValidateFunction>()

/** Operations and statuses of GitHub's that were held against the description, `METHOD id status`. */
export const checked = new Set<string>()

/** Throws with every violation when an answer is not what GitHub's description says of it. */
export function requireContract(method: string, path: string, status: number, body: unknown): void {
  const plain = path.replace(/\?.*$/, '')
  const [operation] = operations
    .filter((known) => known.method === method && known.pattern.test(plain))
    .toSorted((a, b) => b.pattern.source.length - a.pattern.source.length)
    .map((known) => known.operation)
  const schema = operation?.responses[status]?.content?.['application/json']?.schema
  if (operation === undefined || schema === undefined) return
  const key = `${operation.operationId} ${status}`
  const validate = validators.get(key) ?? ajv.compile(toJsonSchema(schema) as object)
  validators.set(key, validate)
  checked.add(key)
  if (validate(body)) return
  const violations = (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`)
  const shown = JSON.stringify(body).slice(0, 1000)
  throw new Error(`${key} breaks the contract:\n${violations.join('\n')}\n${shown}`)
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
