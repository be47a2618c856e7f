import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A weak validator: the same content, if not the same bytes on the wire. */
export function etagOf(body: string | Buffer): string {
  return `W/"${createHash('sha256').update(body).digest('hex')}"`
}

/** Whether `If-None-Match` names the tag, compared weakly; `*` names every tag. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  const strong = etag.replace(/^W\//, '')
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === strong)
}

/**
 * Gives what is read its validator, and makes the answer a 304 where the client has it already. A
 * cache may keep it but must ask each time: who has written sees it in the next answer.
 */
export function answerNotModified(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead || reply.statusCode !== 200) return false
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return false
  const etag = etagOf(payload)
  void reply.headers({
    etag,
    'cache-control': 'private, no-cache',
    vary: 'Accept, Authorization',
  })
  if (!matchesEtag(request.headers['if-none-match'], etag)) return false
  void reply.code(304).removeHeader('content-type')
  return true
}
