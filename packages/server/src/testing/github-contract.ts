import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'

interface Operation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}

// GitHub's published description, cut to the paths that Errand answers.
const description = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/github.openapi.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, Operation>> }

const ajv = new Ajv({ strict: false, allErrors: true })
// The package is CommonJS: its function is both the module and its default.
;(addFormats as unknown as (ajv: Ajv) => void)(ajv)

/**
 * What in an answer is not as GitHub describes the operation; nothing where GitHub has no such
 * operation. Null is a violation wherever the description does not allow it, since it is in none of
 * its lists of types (behaviour.md 1.4).
 */
export function violationsOf(
  method: string,
  path: string,
  status: number,
  body: unknown,
): string[] {
  const operation = findOperation(method, path.replace(/^\/api\/v3(?=\/)/, '').replace(/\?.*/, ''))
  const content = operation?.responses[status]?.content?.['application/json']
  if (content === undefined) return []
  const validate = ajv.compile(toJsonSchema(content.schema) as object)
  if (validate(body)) return []
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
}

function findOperation(method: string, path: string): Operation | undefined {
  const found = Object.entries(description.paths).find(
    ([template, methods]) =>
      method.toLowerCase() in methods &&
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  return found?.[1][method.toLowerCase()]
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
