import type { Qualifier, RepositoryQuery } from './parse-query.ts'

/** What of a repository is searched by. */
export interface Searched {
  owner: string
  full_name: string
  name: string
  description: string | null
  topics: readonly string[]
  archived: boolean
  /** Undefined where it is not asked for. */
  language?: string | null
}

/** Whoever owns it, and what it is written in, may be one of several; the rest must all hold. */
const either: readonly (readonly Qualifier['key'][])[] = [['org', 'user', 'repo'], ['language']]

/** Whether a query means a repository. */
export function matchesQuery(query: RepositoryQuery, repository: Searched): boolean {
  const fits = (item: Qualifier): boolean => fitsQualifier(item, repository) !== item.isNegated
  const wanted = query.qualifiers.filter(({ isNegated }) => !isNegated)
  return (
    query.qualifiers.filter((item) => isAlone(item)).every(fits) &&
    either
      .map((keys) => wanted.filter(({ key }) => keys.includes(key)))
      .every((group) => group.length === 0 || group.some(fits)) &&
    query.words.every(({ text, isNegated }) => hasWord(query, repository, text) !== isNegated)
  )
}

/** As `matchesQuery`, by all but the language, which takes more than a look to know. */
export function mayMatchQuery(query: RepositoryQuery, repository: Searched): boolean {
  const qualifiers = query.qualifiers.filter(({ key }) => key !== 'language')
  return matchesQuery({ ...query, qualifiers }, repository)
}

function isAlone({ key, isNegated }: Qualifier): boolean {
  return isNegated || !either.some((keys) => keys.includes(key))
}

function fitsQualifier({ key, value }: Qualifier, repository: Searched): boolean {
  return tests[key](repository, value)
}

const isOwner = ({ owner }: Searched, value: string): boolean => owner.toLowerCase() === value

const tests: Readonly<Record<Qualifier['key'], (of: Searched, value: string) => boolean>> = {
  org: isOwner,
  user: isOwner,
  repo: (of, value) => of.full_name.toLowerCase() === value,
  topic: (of, value) => of.topics.includes(value),
  language: (of, value) => of.language?.toLowerCase() === value,
  archived: (of, value) => String(of.archived) === value,
  // There are no forks here: they are left in by either word, and `only` has nothing.
  fork: (_, value) => value !== 'only',
}

function hasWord({ places }: RepositoryQuery, repository: Searched, word: string): boolean {
  return places.some((place) =>
    place === 'topics'
      ? repository.topics.some((topic) => topic.includes(word))
      : (repository[place] ?? '').toLowerCase().includes(word),
  )
}
