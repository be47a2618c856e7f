import { createHash } from 'node:crypto'

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
