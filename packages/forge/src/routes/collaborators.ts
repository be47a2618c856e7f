import { ErrandError, type RepositoryPermission } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { roleIn } from '../identity/access.ts'
import { findAccount } from '../identity/accounts.ts'
import { presentUser } from '../present/pull.ts'
import { requireRepository, urlsOf } from './request.ts'

/** Told to who may write: it is nobody else's business. */
const writers = { permissions: ['metadata'], level: 'read', role: 'write' } as const

/** GitHub's older names, which know neither triage nor maintain. */
const coarse: Record<RepositoryPermission, string> = {
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
}

/** What somebody else may do in a repository. */
export function collaboratorRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get<{ Params: { username: string } }>(
    '/repos/:owner/:repo/collaborators/:username/permission',
    async (request) => {
      const { repository } = requireRepository(context, request, writers)
      const account = findAccount(context.records, request.params.username)
      if (account === undefined) throw new ErrandError('not_found')
      const role = roleIn(context.records, account, repository)
      return {
        permission: role === undefined ? 'none' : coarse[role],
        role_name: role ?? 'none',
        user: presentUser(context, account.id, urlsOf(context, app.prefix)),
      }
    },
  )
}
