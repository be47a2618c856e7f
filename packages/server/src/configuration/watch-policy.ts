import {
  countTaskRepositories,
  latestAuditEntry,
  noteDeviations,
  notePolicy,
  patiently,
  readConfiguration,
  repeatPass,
  valuesOf,
  watchedRepositories,
} from '@errand/core'
import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../context.ts'
import { resolveStored } from './resolve.ts'

/** How soon a change of a configuration is looked at. */
const everyMs = 2000

/**
 * Keeps a history of where repositories are not as the server's policy wants them, while the server
 * runs: looked at when the server starts, when a configuration was changed, when a repository has its first
 * task, and when a day begins, for exceptions end with days.
 */
export function watchPolicy(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    const { policy, store, log } = context
    if (policy === undefined) return
    const { deviationsOf, hashOn } = policy
    const closing = new AbortController()
    const { signal } = closing
    let seen: string | undefined

    async function pass(): Promise<void> {
      const today = new Date().toISOString().slice(0, 10)
      const hash = hashOn(today)
      const entry = await latestAuditEntry(store)
      const state = `${entry} ${await countTaskRepositories(store)} ${hash}`
      if (state === seen) return
      const version = await notePolicy(store, hash)
      for (const repository of await watchedRepositories(store)) {
        if (signal.aborted) return
        const stored = await patiently(() => readConfiguration(store.db, repository))
        const values = valuesOf(resolveStored(context, stored))
        const found = deviationsOf(repository.full_name, values, today)
        await noteDeviations(store, repository, found, version)
      }
      seen = state
    }

    const loop = repeatPass({ log, signal, everyMs, what: 'watching the policy' }, pass)
    app.addHook('onClose', async () => {
      closing.abort()
      await loop
    })
  }
}
