import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { findRepository, fullName, ownerOf, permissionIn } from '../identity/access.ts'
import { findAccount } from '../identity/accounts.ts'
import { withLanguages } from '../languages/with-language.ts'
import type { Repository } from '../records/records.ts'
import { matchesQuery, mayMatchQuery, type Searched } from '../search/matches.ts'
import { parseQuery, type Qualifier, type RepositoryQuery } from '../search/parse-query.ts'
import { readInput, text } from './body.ts'
import { repositoryPresenter } from './repository-presenter.ts'
import { sendPage } from './request.ts'
import { sortRepositories, visibleRepositories } from './visible-repositories.ts'

const Query = z.object({
  q: text.default(''),
  // Nothing here has stars, forks of its own or issues: by those, all are alike.
  sort: z.enum(['stars', 'forks', 'help-wanted-issues', 'updated']).optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
})

/** `/search/repositories`: what a caller may see, by GitHub's syntax. */
export function searchRoutes(app: FastifyInstance, context: ForgeContext): void {
  const present = repositoryPresenter(app, context)

  app.get('/search/repositories', async (request, reply) => {
    const { q, sort, order } = readInput(Query, request.query, 'Search')
    const caller = request.forgeCaller
    const query = parseQuery(q)
    requirePlaces(context, caller, query)
    const found = await search(context, visibleRepositories(context, caller), query)
    const items = sortRepositories(
      context,
      found,
      sort === 'updated' ? { sort, direction: order } : {},
    )
    const page = sendPage(context, request, reply, items)
    return {
      total_count: items.length,
      incomplete_results: false,
      items: (await present.many(page, caller)).map((item) => ({ ...item, score: 1 })),
    }
  })
}

/** The language is looked at last, and only where it is asked for. */
async function search(
  context: ForgeContext,
  visible: Repository[],
  query: RepositoryQuery,
): Promise<Repository[]> {
  const candidates = visible.filter((item) => mayMatchQuery(query, searchedOf(context, item)))
  if (!query.qualifiers.some(({ key }) => key === 'language')) return candidates
  const known = await withLanguages(context, candidates)
  return known.filter((item) => matchesQuery(query, searchedOf(context, item)))
}

function searchedOf({ records }: ForgeContext, repository: Repository): Searched {
  return {
    owner: ownerOf(records, repository).login,
    full_name: fullName(records, repository),
    name: repository.name,
    description: repository.description,
    topics: repository.topics ?? [],
    archived: repository.archived,
    language: repository.language?.name ?? null,
  }
}

/**
 * As GitHub, which does not search where there is nothing the caller may know of.
 *
 * @throws ErrandError validation_failed
 */
function requirePlaces(
  context: ForgeContext,
  caller: Caller | undefined,
  query: RepositoryQuery,
): void {
  const named = query.qualifiers.filter(
    ({ key, isNegated }) => !isNegated && (key === 'org' || key === 'user' || key === 'repo'),
  )
  if (named.length === 0 || named.some((item) => isKnown(context, caller, item))) return
  throw new ErrandError('validation_failed', {
    errors: [
      {
        resource: 'Search',
        field: 'q',
        code: 'custom',
        message:
          'The listed users and repositories cannot be searched either because the resources do not exist or you do not have permission to view them.',
      },
    ],
  })
}

function isKnown(
  { records }: ForgeContext,
  caller: Caller | undefined,
  { key, value }: Qualifier,
): boolean {
  if (key !== 'repo') return findAccount(records, value) !== undefined
  const [owner = '', repo = ''] = value.split('/')
  const found = findRepository(records, { owner, repo })
  return found !== undefined && permissionIn(records, caller, found.repository) !== undefined
}
