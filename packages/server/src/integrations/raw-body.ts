import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { requireObject } from '../conventions/json-body.ts'

/** A signature is over the bytes: they are parsed when it has been looked at. */
export function takeRawBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', async (request) => {
    delete request.raw.headers['content-type']
  })
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
    done(null, body),
  )
}

/** @throws ErrandError bad_json, body_not_object */
export function parseObject(body: Buffer): object {
  try {
    return requireObject(JSON.parse(body.toString()))
  } catch (cause) {
    if (cause instanceof ErrandError) throw cause
    throw new ErrandError('bad_json', { cause })
  }
}

export function bytesOf(body: unknown): Buffer {
  // A request without a body reaches no parser.
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
