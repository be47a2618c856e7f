import type { CloudAgentConfiguration, PartialConfiguration } from '@errand/contract'
import {
  parseConfigurationFile,
  patiently,
  readConfiguration,
  resolveConfiguration,
  serverLayer,
  valuesOf,
} from '@errand/core'

import { SessionFailed } from '../failures.ts'
import type { Repository } from '../mirror/repository.ts'
import { readForgeFile } from './read-forge-file.ts'
import type { Run } from './run.ts'

/**
 * What holds in the session's repository as it begins, by the same rule as the server answers it. A runner
 * apart from its server goes by the `configuration` of its own settings.
 *
 * @throws SessionFailed configuration_broken where the file that says it cannot be read; forge_refused
 */
export async function effectiveConfiguration(
  run: Run,
  repository: Repository,
): Promise<CloudAgentConfiguration> {
  const { store, settings } = run.context
  const { id, ownerId } = repository
  const stored = await patiently(() => readConfiguration(store.db, { id, owner: { id: ownerId } }))
  const written = await readFileOf(run, repository)
  const layers = {
    server: serverLayer(settings),
    organization: stored.organization,
    repository: written ?? stored.repository,
  }
  return valuesOf(resolveConfiguration(layers))
}

/** What the file on the default branch says; undefined where configurations are kept by the API. */
async function readFileOf(
  run: Run,
  repository: Repository,
): Promise<PartialConfiguration | undefined> {
  const { file: path } = run.context.settings.configuration
  if (path === undefined) return undefined
  const { owner, name: repo } = repository
  const file = await readForgeFile(run, { owner, repo, path })
  if (file === undefined) return {}
  const { text } = file
  if (text === undefined) throw broken(repository, `${path}: is no file`)
  const read = parseConfigurationFile(text, path)
  if ('document' in read) return read.document
  throw broken(repository, read.problem)
}

function broken({ full_name: name, default_branch: branch }: Repository, problem: string) {
  const message = `What agents may do in ${name} cannot be read: ${problem} (on ${branch}).`
  return new SessionFailed('configuration_broken', message)
}
