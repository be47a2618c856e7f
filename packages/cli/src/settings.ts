import { resolve } from 'node:path'
import { type Settings } from '@errand/contract'
import { UserError } from './errors.ts'
import { checkSettings } from './settings/check-settings.ts'
import { type Environment, type Flags, gatherSettings } from './settings/settings-sources.ts'

export { type Environment, type Flags } from './settings/settings-sources.ts'

/** The environment of this process. No other file of Errand reads it. */
export function readEnvironment(): Environment {
  return process.env
}

export interface LoadedSettings {
  settings: Settings
  /** The settings file that was read. */
  filePath: string | undefined
  warnings: string[]
}

/**
 * The settings of a server or a worker: flags before `ERRAND_*` variables before `errand.yml` before
 * defaults. Throws `UserError` with every problem, each naming file, line and key, or the variable,
 * or the flag. The data folder comes back absolute.
 */
export function loadSettings(
  flags: Flags,
  environment: Environment,
  where: { cwd: string; config?: string },
): LoadedSettings {
  const given = gatherSettings(flags, environment, where)
  const checked = given.problems.length > 0 ? given : checkSettings(given)
  if (checked.problems.length > 0 || !('settings' in checked) || !checked.settings) {
    throw new UserError(checked.problems.join('\n'), {
      remedy: 'docs/configuration.md lists every setting.',
    })
  }
  return {
    settings: { ...checked.settings, data: resolve(where.cwd, checked.settings.data) },
    filePath: given.file?.path,
    warnings: given.warnings,
  }
}
