import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib'

import { GatewayRefusal } from '../refusal.ts'

const decoders: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/**
 * The bytes of an answer, unpacked where the upstream has packed them although it was asked not to: what
 * cannot be read can neither be counted nor searched for the key. The agent gets them unpacked as well.
 *
 * @throws GatewayRefusal 502 for an encoding nobody here knows
 */
export function decodeAnswer(answer: IncomingMessage): { body: Readable; isDecoded: boolean } {
  const encodings = (answer.headers['content-encoding'] ?? 'identity')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== 'identity' && name !== '')
  let body: Readable = answer
  for (const name of encodings.toReversed()) {
    const create = Object.hasOwn(decoders, name) ? decoders[name] : undefined
    if (create === undefined) {
      answer.destroy()
      throw new GatewayRefusal(502, "The model's upstream answers in an encoding that is not known")
    }
    // An end before its time is told by the iteration over what comes out.
    body = pipeline(body, create(), () => undefined)
  }
  return { body, isDecoded: encodings.length > 0 }
}
