import { ErrandError, invalidField } from '@errand/contract'

const places = ['name', 'description', 'topics'] as const
export type Place = (typeof places)[number]

/** A qualifier that must hold, or must not. */
export interface Qualifier {
  key: 'org' | 'user' | 'repo' | 'topic' | 'language' | 'archived' | 'fork'
  /** In lower case. */
  value: string
  isNegated: boolean
}

export interface RepositoryQuery {
  /** In lower case; each must be somewhere. */
  words: { text: string; isNegated: boolean }[]
  /** Where words are looked for. */
  places: readonly Place[]
  qualifiers: Qualifier[]
}

/** GitHub's limit, of what is written beside qualifiers. */
const wordsLimit = 256

/** What each qualifier may be; what is not here is not searched by. */
const values: Record<Qualifier['key'], RegExp> = {
  org: /^[\w.[\]-]+$/,
  user: /^[\w.[\]-]+$/,
  repo: /^[\w.[\]-]+\/[\w.-]+$/,
  topic: /^[a-z0-9-]+$/,
  language: /^.+$/,
  archived: /^(?:true|false)$/,
  fork: /^(?:true|false|only)$/,
}

/** `key:value`, `key:"two words"`, a word, `"two words"`; a `-` before it turns it round. */
const term = /(-?)(?:([a-zA-Z-]+):)?(?:"([^"]*)"|(\S+))/g

/**
 * Reads GitHub's syntax of a search for repositories:
 * https://docs.github.com/search-github/searching-on-github/searching-for-repositories
 *
 * @throws ErrandError validation_failed that names what cannot be searched by
 */
export function parseQuery(q: string): RepositoryQuery {
  const query: RepositoryQuery = { words: [], places, qualifiers: [] }
  let negatesNext = false
  for (const [whole, sign, written, quoted, plain = ''] of q.matchAll(term)) {
    if (whole === 'NOT') {
      negatesNext = true
      continue
    }
    const isNegated = sign === '-' || negatesNext
    negatesNext = false
    const key = written?.toLowerCase()
    const value = (quoted ?? plain).toLowerCase()
    if (key === undefined) query.words.push({ text: value, isNegated })
    else if (key === 'in' && !isNegated) query.places = value.split(',').map(requirePlace)
    else query.qualifiers.push(requireQualifier(key, value, isNegated))
  }
  const length = query.words.reduce((sum, { text }) => sum + text.length, 0)
  if (length > wordsLimit) throw refused(`q must have no more than ${wordsLimit} characters`)
  if (query.words.length + query.qualifiers.length > 0) return query
  throw new ErrandError('validation_failed', {
    errors: [{ resource: 'Search', field: 'q', code: 'missing' }],
  })
}

function requirePlace(text: string): Place {
  const place = places.find((known) => known === text || `${text}s` === known)
  if (place === undefined) throw refused(`q: in:${text} must be one of ${places.join(', ')}`)
  return place
}

function requireQualifier(name: string, value: string, isNegated: boolean): Qualifier {
  if (name === 'in') throw refused('q: in: says where to look, and cannot be turned round')
  if (!isKey(name)) {
    const known = [...Object.keys(values), 'in'].map((item) => `${item}:`).join(', ')
    throw refused(`q: this server does not search by ${name}: but by ${known} and by words`)
  }
  if (!values[name].test(value)) throw refused(`q: ${name}:${value} is not a value of ${name}:`)
  return { key: name, value, isNegated }
}

function isKey(name: string): name is Qualifier['key'] {
  return Object.hasOwn(values, name)
}

function refused(message: string): ErrandError {
  return invalidField('q', message, 'Search')
}
