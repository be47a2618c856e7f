import { ErrandError, type Settings } from '@errand/contract'
import type { FastifyInstance } from 'fastify'

/**
 * Largest body taken, in bytes. A prompt of the size the settings allow must fit: in JSON a byte may
 * be written in six.
 */
export function bodyLimitOf(settings: Pick<Settings, 'prompt_limit_bytes'>): number {
  return Math.max(1024 * 1024, 6 * settings.prompt_limit_bytes + 64 * 1024)
}

/**
 * Parses every body as JSON, whatever its Content-Type: GitHub's own curl example sends one that
 * says it is a form (behaviour.md 1.2).
 */
export function parseJsonBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers()
  // One that is no media type at all would be refused before any parser is asked.
  app.addHook('onRequest', async (request) => {
    delete request.raw.headers['content-type']
  })
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (_request, text, done) => {
    try {
      const body: unknown = text === '' ? undefined : JSON.parse(text.toString())
      if (isTooDeep(body)) throw new RangeError(`nested deeper than ${depthLimit}`)
      done(null, body)
    } catch (cause) {
      done(new ErrandError('bad_json', { cause }))
    }
  })
}

/** Nothing that the API takes is as deep; what walks over a body may do so by calling itself. */
const depthLimit = 100

/** Level by level, since what is too deep cannot be walked over in any other way. */
function isTooDeep(body: unknown): boolean {
  let level = [body]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthLimit) return true
    level = level.flatMap((value): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
  return false
}

/** The body as an object; none counts as an empty one. */
export function requireObject(body: unknown): object {
  if (body === undefined) return {}
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ErrandError('body_not_object')
  }
  return body
}
