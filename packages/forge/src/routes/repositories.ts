import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { commitTree } from '../git/commits.ts'
import { gitText } from '../git/git.ts'
import { moveRef, noObject } from '../git/refs.ts'
import { treeWith } from '../git/trees.ts'
import { fullName, permissionIn } from '../identity/access.ts'
import { createAccount, emailOf, findAccount } from '../identity/accounts.ts'
import { requireCreation } from '../identity/permissions.ts'
import type { Account, Repository } from '../records/records.ts'
import { changeRepository, deleteRepository } from '../repositories/change-repository.ts'
import { createRepository } from '../repositories/create-repository.ts'
import { readBody } from './body.ts'
import { requireCaller, requireRepository, requireUse } from './request.ts'
import { repositoryPresenter } from './repository-presenter.ts'

const NewRepository = z.object({
  name: z.string(),
  description: z.string().max(350).nullish(),
  private: z.boolean().optional(),
  visibility: z.enum(['public', 'private']).optional(),
  default_branch: z.string().optional(),
  auto_init: z.boolean().default(false),
})

const ChangedRepository = z.object({
  name: z.string().optional(),
  description: z.string().max(350).nullish(),
  private: z.boolean().optional(),
  visibility: z.enum(['public', 'private']).optional(),
  default_branch: z.string().optional(),
  archived: z.boolean().optional(),
})

const one = '/repos/:owner/:repo'

/** A repository: made, read, changed, deleted. */
export function repositoryRoutes(app: FastifyInstance, context: ForgeContext): void {
  const present = repositoryPresenter(app, context)

  app.post('/user/repos', async (request, reply) => {
    const caller = requireCaller(request)
    const owner = context.records.accounts.get(String(caller.user.id))
    if (owner?.type !== 'User') throw new ErrandError('integration_not_accessible')
    const repository = await create(context, caller, owner, request)
    return await reply.code(201).send(await present.one(repository, caller))
  })

  app.post<{ Params: { org: string } }>('/orgs/:org/repos', async (request, reply) => {
    const caller = requireCaller(request)
    requireCreation(caller)
    const owner =
      findAccount(context.records, request.params.org) ??
      (await createOrganization(context, caller, request.params.org))
    if (owner.type !== 'Organization') throw new ErrandError('not_found')
    if (!caller.isSiteAdmin && owner.members[caller.user.id] !== 'admin') {
      throw new ErrandError('forbidden', {
        message: `You need to own ${owner.login} to create repositories in it`,
      })
    }
    const repository = await create(context, caller, owner, request)
    return await reply.code(201).send(await present.one(repository, caller))
  })

  app.get(one, async (request) => {
    const { repository } = requireRepository(context, request, metadata)
    return await present.one(repository, request.forgeCaller)
  })

  app.get<{ Params: { id: string } }>('/repositories/:id', async (request) => {
    const repository = context.records.repositories.get(request.params.id)
    const role = repository && permissionIn(context.records, request.forgeCaller, repository)
    if (repository === undefined || role === undefined) throw new ErrandError('not_found')
    requireUse(repository, request.forgeCaller, role, metadata)
    return await present.one(repository, request.forgeCaller)
  })

  app.patch(one, async (request) => {
    const { repository } = requireRepository(context, request, administration)
    const body = readBody(ChangedRepository, request.body, 'Repository')
    const { private: isPrivate = privateOf(body.visibility), description, ...rest } = body
    const changed = await changeRepository(context, repository, {
      ...(rest.name === undefined ? {} : { name: rest.name }),
      ...(rest.archived === undefined ? {} : { archived: rest.archived }),
      ...(rest.default_branch === undefined ? {} : { default_branch: rest.default_branch }),
      ...(description === undefined ? {} : { description }),
      ...(isPrivate === undefined ? {} : { private: isPrivate }),
    })
    return await present.one(changed, request.forgeCaller)
  })

  app.delete(one, async (request, reply) => {
    const { repository } = requireRepository(context, request, administration)
    await deleteRepository(context, repository)
    context.log.info(
      { repository: fullName(context.records, repository), userId: request.forgeCaller?.user.id },
      'repository deleted',
    )
    return await reply.code(204).send()
  })
}

const metadata = { permissions: ['metadata'], level: 'read' } as const
const administration = { permissions: ['administration'], level: 'write', role: 'admin' } as const

function privateOf(visibility: 'public' | 'private' | undefined): boolean | undefined {
  return visibility === undefined ? undefined : visibility === 'private'
}

/** A site administrator's first repository in an organization brings the organization. */
async function createOrganization(
  context: ForgeContext,
  caller: Caller,
  login: string,
): Promise<Account> {
  if (!caller.isSiteAdmin) throw new ErrandError('not_found')
  return await createAccount(context.records, {
    login,
    type: 'Organization',
    admins: [caller.user.id],
  })
}

async function create(
  context: ForgeContext,
  caller: Caller,
  owner: Account,
  request: FastifyRequest,
): Promise<Repository> {
  requireCreation(caller)
  const body = readBody(NewRepository, request.body, 'Repository')
  const repository = await createRepository(context.records, {
    owner,
    name: body.name,
    description: body.description ?? null,
    private: body.private ?? body.visibility === 'private',
    ...(body.default_branch === undefined ? {} : { default_branch: body.default_branch }),
  })
  if (body.auto_init) await commitReadme(context, caller, repository)
  return repository
}

async function commitReadme(
  context: ForgeContext,
  caller: Caller,
  repository: Repository,
): Promise<void> {
  const gitDir = context.records.gitFolder(repository.id)
  const text = `# ${repository.name}\n${repository.description ?? ''}`.trimEnd()
  const sha = await gitText(['hash-object', '-w', '--stdin'], { gitDir, input: `${text}\n` })
  const tree = await treeWith(gitDir, undefined, 'README.md', { sha, mode: '100644' })
  if (tree === undefined) throw new Error('a file could not be put into an empty tree')
  const commit = await commitTree(gitDir, {
    tree,
    parents: [],
    message: 'Initial commit\n',
    author: { name: caller.user.login, email: emailOf(caller.user) },
  })
  await moveRef(gitDir, `refs/heads/${repository.default_branch}`, commit, noObject)
}
