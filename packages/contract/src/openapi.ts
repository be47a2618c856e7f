import { z } from 'zod'
import { ErrorBody, type ErrorName, errorTable, Moved } from './errors.ts'
import { Event } from './event.ts'
import type { Route } from './route.ts'
import { type RouteName, routes } from './routes.ts'

/** The API as an OpenAPI 3.1 document, made from the table of routes. */
export function createOpenApi(options: { version: string; serverUrl: string }): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name]
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: describeRoute(name, route),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Errand',
      version: options.version,
      description: "GitHub's Agent Tasks API, and what Errand adds to it.",
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: options.serverUrl }],
    security: [{ token: [] }],
    tags: [
      { name: 'github', description: "Wire compatible with GitHub's API" },
      { name: 'preview', description: "GitHub's in preview, as far as it is known" },
      { name: 'beyond', description: 'Beyond GitHub' },
    ],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Error: toSchema(ErrorBody, 'output'),
        Event: toSchema(Event, 'output'),
        Moved: toSchema(Moved, 'output'),
      },
    },
  }
}

function describeRoute(name: string, route: Route): object {
  return {
    operationId: name,
    summary: route.summary,
    description: `Rules: ${route.spec}.`,
    tags: [route.origin],
    parameters: [
      ...describeParameters(route.params, 'path'),
      ...describeParameters(route.query, 'query'),
      ...describeParameters(route.headers, 'header'),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: toSchema(route.body, 'input') } },
          },
        }),
    responses: { ...describeAnswers(route), ...describeMoved(route), ...describeErrors(route) },
  }
}

function describeParameters(
  schema: z.ZodObject | undefined,
  place: 'path' | 'query' | 'header',
): object[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = toSchema(schema, 'input')
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }))
}

function describeAnswers(route: Route): Record<string, object> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => [
      status,
      {
        description: route.summary,
        ...(status === '204' ? {} : { content: contentOf(route, schema) }),
      },
    ]),
  )
}

function contentOf(route: Route, schema: z.ZodType): object {
  if (schema.def.type === 'string') return { 'text/plain': { schema: { type: 'string' } } }
  const json = { 'application/json': { schema: toSchema(schema, 'output') } }
  if (!route.path.endsWith('/events')) return json
  return { ...json, 'text/event-stream': { schema: { $ref: '#/components/schemas/Event' } } }
}

/** A repository's former name leads to its present one: by 301, or by 307 where the method must stay. */
function describeMoved({ path, method }: Route): Record<string, object> {
  if (!path.includes('{owner}/{repo}')) return {}
  const schema = { $ref: '#/components/schemas/Moved' }
  const moved = {
    description: 'The repository was renamed: ask at `url`, which `Location` names as well',
    content: { 'application/json': { schema } },
  }
  return method === 'GET' ? { 301: moved } : { 307: moved }
}

function describeErrors(route: Route): Record<string, object> {
  // What any operation may be answered, and any that takes a body.
  const everywhere: ErrorName[] = ['secondary_rate_limited']
  if (route.body !== undefined) everywhere.push('payload_too_large')
  const byStatus = new Map<number, string[]>()
  for (const name of new Set([...route.errors, ...everywhere])) {
    const { status, message } = errorTable[name]
    byStatus.set(status, [...(byStatus.get(status) ?? []), message])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, messages]) => [
      status,
      {
        description: messages.join('; '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  )
}

interface ObjectSchema {
  properties?: Record<string, object>
  required?: string[]
}

/**
 * zod's JSON Schema. Of input it must be made with `io: 'input'`: else unknown fields are forbidden,
 * which the API ignores.
 */
function toSchema(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  if (io === 'output') allowMore(rest)
  return rest as ObjectSchema
}

/** Answers may gain fields: nothing in them is closed. */
function allowMore(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  if ('additionalProperties' in schema && schema.additionalProperties === false) {
    delete schema.additionalProperties
  }
  for (const value of Object.values(schema)) allowMore(value)
}
