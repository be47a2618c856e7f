import { createHash } from 'node:crypto'
import { ErrandError } from '@errand/contract'
import {
  countTaskRepositories,
  type FoundDeviation,
  latestAuditEntry,
  noteDeviations,
  notePolicy,
  patiently,
  readConfiguration,
  repeatPass,
  valuesOf,
  type WatchedRepository,
  watchedRepositories,
} from '@errand/core'
import type { FastifyPluginAsync } from 'fastify'
import { ownCaller } from '../auth/own-caller.ts'
import type { ServerContext } from '../context.ts'
import { type HeldConfiguration, lookAtConfiguration, resolveStored } from './resolve.ts'

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
      const state = `${entry} ${await countTaskRepositories(store)} ${hash} ${fileTurn(context)}`
      if (state === seen) return
      const version = await notePolicy(store, hash)
      for (const repository of await watchedRepositories(store)) {
        if (signal.aborted) return
        const held = await lookAt(context, repository)
        if (held === undefined) continue
        const found =
          held.problem === undefined
            ? deviationsOf(repository.full_name, held.values, today)
            : [unreadable(repository, held.problem)]
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

/** A file changes without anybody telling: each is looked at every minute, elsewhere every hour. */
function fileTurn({ settings }: ServerContext): number {
  if (settings.configuration.file === undefined) return 0
  return Math.floor(Date.now() / (settings.forge === 'embedded' ? 60_000 : 3_600_000))
}

/** What holds in a repository; undefined where nobody can be asked for its file now. */
async function lookAt(
  context: ServerContext,
  repository: WatchedRepository,
): Promise<Pick<HeldConfiguration, 'values' | 'problem'> | undefined> {
  const { store, forge, settings, log } = context
  if (settings.configuration.file === undefined) {
    const stored = await patiently(() => readConfiguration(store.db, repository))
    return { values: valuesOf(resolveStored(context, stored)) }
  }
  try {
    const own = await ownCaller(context, repository.full_name)
    const found = own && (await forge.repositoryById(own, repository.id))
    // Nothing is said of what cannot be seen: that it has ended least of all.
    if (own === undefined || found === undefined) return undefined
    return await lookAtConfiguration(context, own, found)
  } catch (error) {
    if (!(error instanceof ErrandError)) throw error
    log.warn(
      { err: error, repository: repository.full_name },
      'a configuration cannot be looked at',
    )
    return undefined
  }
}

function unreadable({ id }: WatchedRepository, problem: string): FoundDeviation {
  const fingerprint = createHash('sha256').update(`configuration file of ${id}`).digest('hex')
  const message = `It could not be checked: ${problem}`
  return { fingerprint, rule: 'configuration', severity: 'error', message, place: [] }
}
