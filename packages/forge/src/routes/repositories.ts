import { type Caller, ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { commitTree } from '../git/commits.ts'
import { git, gitText } from '../git/git.ts'
import { resolveBranch } from '../git/refs.ts'
import { fullName, ownerOf, permissionIn } from '../identity/access.ts'
import { createAccount, findAccount } from '../identity/accounts.ts'
import { presentRepository } from '../present/repository.ts'
import type { Account, Repository } from '../records/records.ts'
import { createRepository, requireName } from '../repositories.ts'
import { readBody, requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

const NewRepository = z.object({
  name: z.string(),
  description: z.string().nullish(),
  private: z.boolean().default(false),
  auto_init: z.boolean().default(false),
})

const ChangedRepository = z.object({
  name: z.string().optional(),
  description: z.string().nullish(),
  private: z.boolean().optional(),
  visibility: z.enum(['public', 'private']).optional(),
  default_branch: z.string().optional(),
  archived: z.boolean().optional(),
})

/** Repositories: of a user, of an organization, one alone, made and changed. */
export function repositoryRoutes(app: FastifyInstance, context: ForgeContext): void {
  const present = (repository: Repository, caller: Caller | undefined) =>
    presentRepository(
      context.records,
      repository,
      urlsOf(context, app.prefix),
      permissionIn(context.records, caller, repository),
    )

  app.get('/user/repos', async (request, reply) => {
    const caller = requireCaller(context, request, reply)
    const items = visible(context, caller).filter(
      (item) =>
        caller.isSiteAdmin ||
        item.owner_id === caller.user.id ||
        permissionIn(context.records, caller, item) !== 'read',
    )
    return sendPage(context, request, reply, items).map((item) => present(item, caller))
  })

  app.post('/user/repos', async (request, reply) => {
    const caller = requireCaller(context, request, reply)
    const owner = context.records.accounts.get(String(caller.user.id))
    if (owner === undefined) throw new ErrandError('not_found')
    const repository = await create(context, caller, owner, request)
    return await reply.code(201).send(present(repository, caller))
  })

  app.get<{ Params: { org: string } }>('/orgs/:org/repos', async (request, reply) => {
    const caller = requireCaller(context, request, reply)
    const owner = requireOrganization(context, request.params.org)
    const items = visible(context, caller).filter((item) => item.owner_id === owner.id)
    return sendPage(context, request, reply, items).map((item) => present(item, caller))
  })

  app.post<{ Params: { org: string } }>('/orgs/:org/repos', async (request, reply) => {
    const caller = requireCaller(context, request, reply)
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
    return await reply.code(201).send(present(repository, caller))
  })

  app.get('/repos/:owner/:repo', async (request, reply) => {
    const { repository, caller } = requireRepository(context, request, 'metadata', 'read')
    if (caller !== undefined) requireCaller(context, request, reply)
    return present(repository, caller)
  })

  app.get<{ Params: { id: string } }>('/repositories/:id', async (request, reply) => {
    const repository = context.records.repositories.get(request.params.id)
    const hasToken = request.headers.authorization !== undefined
    const caller = hasToken ? requireCaller(context, request, reply) : undefined
    if (
      repository === undefined ||
      permissionIn(context.records, caller, repository) === undefined
    ) {
      throw new ErrandError('not_found')
    }
    return present(repository, caller)
  })

  app.patch('/repos/:owner/:repo', async (request) => {
    const { repository, caller } = requireRepository(context, request, 'administration', 'admin')
    const change = readBody(ChangedRepository, request.body, 'Repository')
    return present(await changeRepository(context, repository, change), caller)
  })
}

function visible(context: ForgeContext, caller: Caller): Repository[] {
  return context.records.repositories
    .values()
    .filter((item) => permissionIn(context.records, caller, item) !== undefined)
    .sort((a, b) => fullName(context.records, a).localeCompare(fullName(context.records, b)))
}

function requireOrganization(context: ForgeContext, login: string): Account {
  const account = findAccount(context.records, login)
  if (account?.type !== 'Organization') throw new ErrandError('not_found')
  return account
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
  const { kind, scopes, permissions } = caller.token
  const isScoped = kind === 'classic' || kind === 'oauth'
  if (
    isScoped
      ? !scopes.includes('repo') && !scopes.includes('public_repo')
      : permissions['administration'] !== 'write'
  ) {
    throw new ErrandError(isScoped ? 'forbidden' : 'token_not_accessible', {
      headers: { 'x-accepted-github-permissions': 'administration=write' },
    })
  }
  const input = readBody(NewRepository, request.body, 'Repository')
  const repository = await createRepository(context.records, {
    owner,
    name: input.name,
    description: input.description ?? null,
    private: input.private,
  })
  if (input.auto_init) await commitReadme(context, caller, repository)
  return repository
}

async function commitReadme(
  context: ForgeContext,
  caller: Caller,
  repository: Repository,
): Promise<void> {
  const gitDir = context.records.gitFolder(repository.id)
  const blob = await gitText(['hash-object', '-w', '--stdin'], {
    gitDir,
    input: `# ${repository.name}\n`,
  })
  const tree = await gitText(['mktree'], { gitDir, input: `100644 blob ${blob}\tREADME.md\n` })
  const { id, login } = caller.user
  const author = { name: login, email: `${id}+${login}@users.noreply.localhost` }
  const commit = await commitTree(gitDir, {
    tree,
    parents: [],
    message: 'Initial commit\n',
    author,
  })
  await git(['update-ref', `refs/heads/${repository.default_branch}`, commit], { gitDir })
}

async function changeRepository(
  context: ForgeContext,
  repository: Repository,
  change: z.infer<typeof ChangedRepository>,
): Promise<Repository> {
  const { records } = context
  const gitDir = records.gitFolder(repository.id)
  const updated: Repository = { ...repository, updated_at: new Date().toISOString() }
  if (change.name !== undefined && change.name !== repository.name) {
    requireName(records, ownerOf(records, repository), change.name)
    updated.former_names = [...repository.former_names, fullName(records, repository).toLowerCase()]
    updated.name = change.name
  }
  if (change.description !== undefined) updated.description = change.description ?? null
  if (change.private !== undefined) updated.private = change.private
  if (change.visibility !== undefined) updated.private = change.visibility === 'private'
  if (change.archived !== undefined) updated.archived = change.archived
  if (change.default_branch !== undefined) {
    if ((await resolveBranch(gitDir, change.default_branch)) === undefined) {
      throw invalidField(
        'default_branch',
        `there is no branch '${change.default_branch}'`,
        'Repository',
      )
    }
    await git(['symbolic-ref', 'HEAD', `refs/heads/${change.default_branch}`], { gitDir })
    updated.default_branch = change.default_branch
  }
  await records.repositories.put(String(repository.id), updated)
  return updated
}
