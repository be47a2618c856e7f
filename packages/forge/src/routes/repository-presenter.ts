import { type Caller, mapInParallel } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { permissionIn } from '../identity/access.ts'
import { withLanguage } from '../languages/with-language.ts'
import { presentRepository } from '../present/repository.ts'
import type { Repository } from '../records/records.ts'
import { urlsOf } from './request.ts'

/** How many repositories are asked for their language at a time: each may take a process of git's. */
const atOnce = 4

/** Presents repositories as a caller sees them, with the URLs of the prefix the routes are served at. */
export function repositoryPresenter(app: FastifyInstance, context: ForgeContext) {
  async function one(repository: Repository, caller: Caller | undefined) {
    return presentRepository(
      context.records,
      await withLanguage(context, repository),
      urlsOf(context, app.prefix),
      permissionIn(context.records, caller, repository),
    )
  }
  return {
    one,
    many: async (repositories: Repository[], caller: Caller | undefined) =>
      await mapInParallel(repositories, atOnce, (repository) => one(repository, caller)),
  }
}
