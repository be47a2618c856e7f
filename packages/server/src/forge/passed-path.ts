import { ErrandError } from '@errand/contract'
import { isName } from '../auth/repository.ts'
import { segment } from './upstream.ts'

/**
 * The path of a request to pass on, written anew from its parts: what a client sends is never used as a path
 * itself. Each part is what the router decoded, once.
 *
 * @throws ErrandError not_found for parts that could mean another path to somebody on the way
 */
export function passedPath(pattern: string, params: Record<string, string>): string {
  const parts = pattern.split('/').map((part) => {
    if (part === '*') return requirePart(params['*']).split('/').map(segment).join('/')
    if (!part.startsWith(':')) return part
    const name = part.slice(1)
    const value = requirePart(params[name])
    if (isNumber.has(name) && !/^[1-9]\d{0,15}$/.test(value)) throw new ErrandError('not_found')
    if (isOfName.has(name) && !isName(value)) throw new ErrandError('not_found')
    return segment(value)
  })
  return parts.join('/')
}

const isNumber = new Set(['id', 'number', 'repository_id'])
const isOfName = new Set(['owner', 'repo', 'org', 'sha'])

/**
 * A label may have a slash in it, and a file may not be called `..`. What is still encoded after it was decoded
 * is for who decodes twice.
 */
function requirePart(value = ''): string {
  const isAmbiguous =
    value.split(/[/\\]/).some((part) => part === '' || part === '.' || part === '..') ||
    /%(2e|2f|5c|25)/i.test(value) ||
    /\p{Cc}/u.test(value) ||
    !value.isWellFormed()
  if (isAmbiguous) throw new ErrandError('not_found')
  return value
}
