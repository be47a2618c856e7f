import { builtinPrograms } from '@errand/agents'
import { type Settings } from '@errand/contract'
import { type Encryption, type Store } from '@errand/core'
import { type Runner, type RunnerForge, startRunner } from '@errand/runner'
import { type Logger } from 'pino'
import { webUrlOf } from '../client/web-url.ts'
import { type Environment } from '../settings.ts'

/** The runner of this process. Model keys are looked up by name when a session needs one. */
export function openRunner(
  store: Store,
  settings: Settings,
  environment: Environment,
  log: Logger,
  forge: RunnerForge,
  encryption: Encryption,
): Runner {
  const secrets = (name: string): string | undefined => environment[name]
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

/** A forge elsewhere, as the settings name it. */
export function remoteForge(settings: Settings): RunnerForge {
  const { forge: apiUrl, forge_token: token } = settings
  return { apiUrl, webUrl: webUrlOf(apiUrl), ...(token === undefined ? {} : { token }) }
}
