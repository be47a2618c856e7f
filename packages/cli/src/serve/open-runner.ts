import { builtinPrograms } from '@errand/agents'
import type { Settings } from '@errand/contract'
import type { Encryption, Store } from '@errand/core'
import { type Runner, type RunnerForge, startRunner } from '@errand/runner'
import type { Logger } from 'pino'
import type { Environment } from '../settings.ts'
import { readSecret } from './read-secret.ts'

/** The runner of this process. Model keys are looked up by name when a session needs one. */
export function openRunner(
  store: Store,
  settings: Settings,
  environment: Environment,
  log: Logger,
  forge: RunnerForge,
  encryption: Encryption,
): Runner {
  const secrets = (name: string): string | undefined => readSecret(environment, name)
  return startRunner({
    store,
    log,
    settings,
    encryption,
    dataDir: settings.data,
    forge,
    programs: builtinPrograms,
    secrets,
  })
}
