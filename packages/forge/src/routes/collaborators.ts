import { ErrandError, type RepositoryPermission } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { roleIn } from '../identity/access.ts'
import { findAccount } from '../identity/accounts.ts'
import { presentAccount } from '../present/account.ts'
import { presentUser } from '../present/pull.ts'
import { presentPermissions } from '../present/repository.ts'
import type { Account } from '../records/records.ts'
import { readBody } from './body.ts'
import { requireRepository, sendPage, urlsOf } from './request.ts'

/** Told to who may write: it is nobody else's business. */
const writers = { permissions: ['metadata'], level: 'read', role: 'write' } as const
const administration = { permissions: ['administration'], level: 'write', role: 'admin' } as const

/** GitHub's older names, which know neither triage nor maintain. */
const coarse: Record<RepositoryPermission, string> = {
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
}

const NewCollaborator = z.object({
  permission: z
    .enum(['pull', 'triage', 'push', 'maintain', 'admin', 'read', 'write'])
    .default('push')
    .transform((name) => (name === 'pull' ? 'read' : name === 'push' ? 'write' : name)),
})

interface CollaboratorRoute {
  Params: { username: string }
}

const all = '/repos/:owner/:repo/collaborators'

/**
 * What others may do in a repository. GitHub invites a collaborator; here nobody is asked first, which is
 * GitHub's answer for those who are in already.
 */
export function collaboratorRoutes(app: FastifyInstance, context: ForgeContext): void {
  const { records } = context

  function requireUser(login: string): Account {
    const account = findAccount(records, login)
    if (account?.type !== 'User') throw new ErrandError('not_found')
    return account
  }

  app.get(all, async (request, reply) => {
    const { repository } = requireRepository(context, request, writers)
    const urls = urlsOf(context, app.prefix)
    const known = records.accounts.values().flatMap((account) => {
      const isNamed =
        account.id === repository.owner_id || repository.collaborators[account.id] !== undefined
      const role = roleIn(records, account, repository)
      if (account.type !== 'User' || !isNamed || role === undefined) return []
      const permissions = presentPermissions(role)
      return [{ ...presentAccount(account, urls), permissions, role_name: role }]
    })
    return sendPage(context, request, reply, known)
  })

  app.put<CollaboratorRoute>(`${all}/:username`, async (request, reply) => {
    const { repository } = requireRepository(context, request, administration)
    const { id } = requireUser(request.params.username)
    const { permission } = readBody(NewCollaborator, request.body, 'Collaborator')
    await records.repositories.update(String(repository.id), (item) => ({
      ...item,
      collaborators: { ...item.collaborators, [id]: permission },
    }))
    return await reply.code(204).send()
  })

  app.delete<CollaboratorRoute>(`${all}/:username`, async (request, reply) => {
    const { repository } = requireRepository(context, request, administration)
    const { id } = requireUser(request.params.username)
    await records.repositories.update(String(repository.id), (item) => {
      const { [id]: _, ...collaborators } = item.collaborators
      return { ...item, collaborators }
    })
    return await reply.code(204).send()
  })

  app.get<CollaboratorRoute>(`${all}/:username/permission`, async (request) => {
    const { repository } = requireRepository(context, request, writers)
    const account = findAccount(records, request.params.username)
    if (account === undefined) throw new ErrandError('not_found')
    const role = roleIn(records, account, repository)
    return {
      permission: role === undefined ? 'none' : coarse[role],
      role_name: role ?? 'none',
      user: presentUser(context, account.id, urlsOf(context, app.prefix)),
    }
  })
}
