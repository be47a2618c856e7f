import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { ownerOf, permissionIn } from '../identity/access.ts'
import { findAccount } from '../identity/accounts.ts'
import type { Repository } from '../records/records.ts'
import { readInput } from './body.ts'
import { requireCaller, sendPage } from './request.ts'
import { repositoryPresenter } from './repository-presenter.ts'
import { sortRepositories, visibleRepositories } from './visible-repositories.ts'

const Order = {
  sort: z.enum(['created', 'updated', 'pushed', 'full_name']).optional(),
  direction: z.enum(['asc', 'desc']).optional(),
}

const UserQuery = z.object({
  ...Order,
  visibility: z.enum(['all', 'public', 'private']).default('all'),
  affiliation: z.string().optional(),
  type: z.enum(['all', 'owner', 'public', 'private', 'member']).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  before: z.iso.datetime({ offset: true }).optional(),
})

const OrganizationQuery = z.object({
  ...Order,
  type: z.enum(['all', 'public', 'private', 'forks', 'sources', 'member']).default('all'),
})

const UsersQuery = z.object({
  ...Order,
  type: z.enum(['all', 'owner', 'member']).default('owner'),
})

type Affiliation = 'owner' | 'collaborator' | 'organization_member'

/** The repositories of oneself, of somebody else, of an organization, and of an installation token. */
export function repositoryListRoutes(app: FastifyInstance, context: ForgeContext): void {
  const present = repositoryPresenter(app, context)

  app.get('/user/repos', async (request, reply) => {
    const caller = requireCaller(request)
    const query = readInput(UserQuery, request.query, 'Repository')
    if (query.type !== undefined && (query.affiliation ?? query.visibility) !== 'all') {
      throw new ErrandError('validation_failed', {
        message: 'If you specify visibility or affiliation, you cannot specify type.',
      })
    }
    const items = visibleRepositories(context, caller)
      .filter((item) => isWanted(item, query))
      .filter((item) => isTheirs(context, caller, item, affiliationsOf(query)))
    return await present.many(
      sendPage(context, request, reply, sortRepositories(context, items, query)),
      caller,
    )
  })

  // What an installation token is for: nothing else shows that it is one.
  app.get('/installation/repositories', async (request, reply) => {
    const caller = requireCaller(request)
    if (caller.token.kind !== 'installation') {
      throw new ErrandError('forbidden', {
        message:
          'You must authenticate with an installation access token in order to list repositories for an installation.',
      })
    }
    // Others are as visible to it as to everybody: only to read.
    const own = visibleRepositories(context, caller).filter(
      (item) => permissionIn(context.records, caller, item) !== 'read',
    )
    const items = sortRepositories(context, own, { sort: 'created', direction: 'asc' })
    const page = sendPage(context, request, reply, items)
    return {
      total_count: items.length,
      repository_selection: 'selected',
      repositories: await present.many(page, caller),
    }
  })

  app.get<{ Params: { org: string } }>('/orgs/:org/repos', async (request, reply) => {
    const query = readInput(OrganizationQuery, request.query, 'Repository')
    const owner = findAccount(context.records, request.params.org)
    if (owner?.type !== 'Organization') throw new ErrandError('not_found')
    const caller = request.forgeCaller
    const items = visibleRepositories(context, caller).filter(
      (item) =>
        item.owner_id === owner.id &&
        query.type !== 'forks' &&
        (query.type !== 'public' || !item.private) &&
        (query.type !== 'private' || item.private),
    )
    const order = { sort: query.sort ?? 'created', direction: query.direction }
    return await present.many(
      sendPage(context, request, reply, sortRepositories(context, items, order)),
      caller,
    )
  })

  app.get<{ Params: { username: string } }>('/users/:username/repos', async (request, reply) => {
    const query = readInput(UsersQuery, request.query, 'Repository')
    const account = findAccount(context.records, request.params.username)
    if (account === undefined) throw new ErrandError('not_found')
    const caller = request.forgeCaller
    const isOwner = (item: Repository): boolean => item.owner_id === account.id
    const isMember = (item: Repository): boolean =>
      ownerOf(context.records, item).members[account.id] !== undefined
    // GitHub lists nothing private here: one's own stand under `/user/repos`.
    const items = visibleRepositories(context, caller).filter(
      (item) =>
        !item.private &&
        ((query.type !== 'member' && isOwner(item)) || (query.type !== 'owner' && isMember(item))),
    )
    return await present.many(
      sendPage(context, request, reply, sortRepositories(context, items, query)),
      caller,
    )
  })
}

function isWanted(item: Repository, query: z.infer<typeof UserQuery>): boolean {
  const only = query.type === 'public' || query.type === 'private' ? query.type : query.visibility
  if (only === 'public' && item.private) return false
  if (only === 'private' && !item.private) return false
  const time = Date.parse(item.updated_at)
  if (query.since !== undefined && time < Date.parse(query.since)) return false
  return query.before === undefined || time <= Date.parse(query.before)
}

const every: Affiliation[] = ['owner', 'collaborator', 'organization_member']

function affiliationsOf(query: z.infer<typeof UserQuery>): Affiliation[] {
  if (query.type === 'owner') return ['owner']
  if (query.type === 'member') return ['collaborator', 'organization_member']
  const named = query.affiliation?.split(',').map((word) => word.trim())
  return named === undefined ? every : every.filter((item) => named.includes(item))
}

/** Whether a repository is one of the caller's own; a site administrator owns them all. */
function isTheirs(
  context: ForgeContext,
  caller: Caller,
  item: Repository,
  wanted: Affiliation[],
): boolean {
  const { id } = caller.user
  if (item.owner_id === id || caller.isSiteAdmin) return wanted.includes('owner')
  if (item.collaborators[id] !== undefined && wanted.includes('collaborator')) return true
  const isMember = ownerOf(context.records, item).members[id] !== undefined
  return isMember && wanted.includes('organization_member')
}
