/** One condition of a search expression: all of them must hold. */
export type SearchTerm = { negated: boolean } & (
  | { qualifier: SearchQualifier; values: string[] }
  /** Stands in the title or the text. */
  | { qualifier: 'text'; values: [string] }
)

/** The qualifiers of GitHub's search that are understood. */
export const searchQualifiers = ['is', 'state', 'label', 'author', 'assignee'] as const
export type SearchQualifier = (typeof searchQualifiers)[number]

const allowed: Partial<Record<SearchQualifier, readonly string[]>> = {
  is: ['open', 'closed', 'merged', 'unmerged', 'draft', 'issue', 'pr'],
  state: ['open', 'closed'],
}

/** A word, `key:value`, or either in quotes; a `-` in front says the opposite. */
const token = /\s*(-?)(?:([a-z][a-z-]*):)?("(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)/iy

/**
 * Reads a part of GitHub's search syntax: `is:`, `state:`, `label:` (with commas: any of them), `author:`,
 * `assignee:`, words and `"quoted words"`, each negated by a `-`. All must hold.
 *
 * @throws RangeError for anything else: a condition that is not understood must not be taken for none
 */
export function parseSearchQuery(query: string): SearchTerm[] {
  const terms: SearchTerm[] = []
  const text = query.trimEnd()
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const found = token.exec(text)
    if (found === null) {
      throw new RangeError(`cannot be read from '${text.slice(at).trim().slice(0, 40)}' on`)
    }
    const [, sign, key, value = ''] = found
    terms.push(termOf(sign === '-', key?.toLowerCase(), value))
  }
  return terms
}

function termOf(negated: boolean, key: string | undefined, value: string): SearchTerm {
  if (key === undefined) {
    if (value.includes(':') && !value.startsWith('"')) {
      throw new RangeError(`cannot be read at '${value.slice(0, 40)}': quote a word with a colon`)
    }
    return { negated, qualifier: 'text', values: [unquote(value)] }
  }
  const qualifier = searchQualifiers.find((name) => name === key)
  if (qualifier === undefined) {
    const known = searchQualifiers.map((name) => `${name}:`).join(', ')
    throw new RangeError(
      `has the qualifier '${key}:'; these are understood: ${known} (quote a word with a colon)`,
    )
  }
  const values = qualifier === 'label' ? splitLabels(value) : [unquote(value)]
  const isKnown = allowed[qualifier]
  const stranger = values.find((one) => isKnown?.includes(one.toLowerCase()) === false)
  if (stranger !== undefined) {
    throw new RangeError(`has '${key}:${stranger}'; ${key}: takes ${isKnown?.join(', ')}`)
  }
  return { negated, qualifier, values }
}

/** `label:a,b` is any of them; a quoted one may have commas of its own. */
function splitLabels(value: string): string[] {
  if (value.startsWith('"')) return [unquote(value)]
  return value.split(',').filter((one) => one !== '')
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}
