import type { Caller } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { permissionIn } from '../identity/access.ts'
import { withLanguage, withLanguages } from '../languages/with-language.ts'
import { presentRepository } from '../present/repository.ts'
import type { Repository } from '../records/records.ts'
import { urlsOf } from './request.ts'

/** Presents repositories as a caller sees them, with the URLs of the prefix the routes are served at. */
export function repositoryPresenter(app: FastifyInstance, context: ForgeContext) {
  const present = (repository: Repository, caller: Caller | undefined) =>
    presentRepository(
      context.records,
      repository,
      urlsOf(context, app.prefix),
      permissionIn(context.records, caller, repository),
    )
  return {
    one: async (repository: Repository, caller: Caller | undefined) =>
      present(await withLanguage(context, repository), caller),
    many: async (repositories: readonly Repository[], caller: Caller | undefined) =>
      (await withLanguages(context, repositories)).map((repository) => present(repository, caller)),
  }
}
