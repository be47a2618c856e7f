import {
  latestAuditEntry,
  noteDeviations,
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
 * runs: looked at when the server starts, when a configuration was changed, and when a day begins, for
 * exceptions end with days.
 */
export function watchPolicy(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    const { deviationsOf, store, log } = context
    if (deviationsOf === undefined) return
    const closing = new AbortController()
    const { signal } = closing
    let seen: string | undefined

    async function pass(): Promise<void> {
      const today = new Date().toISOString().slice(0, 10)
      const state = `${await latestAuditEntry(store)} ${today}`
      if (state === seen) return
      for (const repository of await watchedRepositories(store)) {
        if (signal.aborted) return
        const stored = await patiently(() => readConfiguration(store.db, repository))
        const values = valuesOf(resolveStored(context, stored))
        const found = deviationsOf?.(repository.full_name, values, today) ?? []
        await noteDeviations(store, repository, found)
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
