import { readFileSync } from 'node:fs'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** An operation of an OpenAPI document, as far as requests are made and answers judged by it. */
export interface Operation {
  name: string
  method: string
  /** With `{name}` for parameters. */
  path: string
  parameters: Parameter[]
  /** JSON Schema of the body; undefined where none is sent. */
  body?: AnySchema
  /** Headers that say who sent a body, of senders without a token. */
  sign?: (body: Buffer, seed: number) => Record<string, string>
  /** Its parameters are never odd: what they must not hit is too near. */
  isExact?: boolean
  /** A page, for somebody who has signed in; what it is sent is a form. */
  isPage?: boolean
  /** Whether it lies at `/api/v3` as well. Default: it does. */
  isApi?: boolean
  /** In what an answer is not as the document says; undefined when it is. */
  problemOf(status: number, contentType: string, text: string): string | undefined
}

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  schema: AnySchema
}

interface Document {
  paths: Record<string, Record<string, Described>>
  components?: object
}

interface Described {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: AnySchema }> }
  responses: Record<string, { content?: Record<string, { schema: AnySchema }> }>
}

/** The operations of the server's own document: every status must be in it, and every body as it says. */
export function ownOperations(document: unknown): Operation[] {
  return operationsOf(document as Document, 'closed')
}

/**
 * The operations of GitHub's description. It does not list every status that its text allows, so
 * others are held to the shape of its errors.
 */
export function githubOperations(): Operation[] {
  const file = new URL('../../fixtures/github.openapi.json', import.meta.url)
  // It says `oneOf` of errors that have no field they must have: what is one of them is all of them.
  const text = readFileSync(file, 'utf8').replaceAll('"oneOf"', '"anyOf"')
  return operationsOf(JSON.parse(text) as Document, 'open')
}

function operationsOf(document: Document, statuses: 'open' | 'closed'): Operation[] {
  const ajv =
    statuses === 'closed'
      ? new Ajv2020({ strict: false, allErrors: true })
      : new Ajv({ strict: false, allErrors: true })
  // The package is CommonJS: its function is both the module and its default.
  ;(addFormats as unknown as (ajv: Ajv) => void)(ajv)
  const compile = (schema: AnySchema) => {
    const whole = { ...toJsonSchema(schema), components: document.components }
    return ajv.compile(whole)
  }
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters: described.parameters ?? [],
      ...bodyOf(described),
      problemOf: judgeOf(described, statuses, compile),
    })),
  )
}

function bodyOf({ requestBody }: Described): { body?: AnySchema } {
  const schema = requestBody?.content['application/json']?.schema
  return schema === undefined ? {} : { body: toJsonSchema(schema) }
}

const errorShape = {
  type: 'object',
  required: ['message', 'documentation_url'],
  properties: { message: { type: 'string' }, documentation_url: { type: 'string' } },
}

function judgeOf(
  { responses }: Described,
  statuses: 'open' | 'closed',
  compile: (schema: AnySchema) => ValidateFunction,
): Operation['problemOf'] {
  const validators = new Map<number, ValidateFunction>()
  const validatorOf = (status: number, schema: AnySchema) => {
    const known = validators.get(status) ?? compile(schema)
    validators.set(status, known)
    return known
  }
  return (status, contentType, text) => {
    const answer = responses[status]
    if (answer === undefined && (statuses === 'closed' || status < 300)) {
      return `the status is not described: ${text.slice(0, 200)}`
    }
    const described = answer?.content?.['application/json']?.schema
    const schema = described ?? (status >= 400 ? errorShape : undefined)
    if (schema === undefined || text === '') return undefined
    if (!contentType.includes('json')) {
      if (answer?.content?.[contentType.split(';')[0] ?? ''] !== undefined) return undefined
      return `${contentType || 'no content type'} where JSON is described`
    }
    const validate = validatorOf(status, schema)
    if (validate(JSON.parse(text))) return undefined
    return validate.errors?.map((error) => `${error.instancePath} ${error.message}`).join('; ')
  }
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type `null`. */
function toJsonSchema(schema: AnySchema): Exclude<AnySchema, boolean> {
  return convert(schema) as Exclude<AnySchema, boolean>
}

function convert(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(convert)
  if (typeof schema !== 'object' || schema === null) return schema
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, convert(value)]),
  )
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest
}
