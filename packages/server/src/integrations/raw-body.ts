import { ErrandError } from '@errand/contract'
import { requireObject } from '../conventions/json-body.ts'

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
