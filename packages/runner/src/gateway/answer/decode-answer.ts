import { type Duplex, pipeline, Readable } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib'

import { GatewayRefusal } from '../refusal.ts'
import type { IncomingAnswer } from '../send.ts'
import type { AnswerBody } from './answer-body.ts'

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
export function decodeAnswer({ headers, body }: IncomingAnswer): {
  body: AnswerBody
  isDecoded: boolean
} {
  const encoding = headers['content-encoding']
  if (encoding === undefined) return { body, isDecoded: false }
  const encodings = encoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== 'identity' && name !== '')
  if (encodings.length === 0) return { body, isDecoded: false }
  let decoded = Readable.from(body, { objectMode: false })
  for (const name of encodings.toReversed()) {
    const create = Object.hasOwn(decoders, name) ? decoders[name] : undefined
    if (create === undefined) {
      body.destroy()
      throw new GatewayRefusal(502, "The model's upstream answers in an encoding that is not known")
    }
    // An end before its time is told by the iteration over what comes out.
    decoded = pipeline(decoded, create(), () => undefined)
  }
  const destroy = (): void => {
    body.destroy()
    decoded.destroy()
  }
  return { body: { [Symbol.asyncIterator]: () => decoded.iterator(), destroy }, isDecoded: true }
}
