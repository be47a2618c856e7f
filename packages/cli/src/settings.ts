import { resolve } from 'node:path'
import type { Settings } from '@errand/contract'
import { UserError } from './errors.ts'
import { checkSettings } from './settings/check-settings.ts'
import {
  type Environment,
  type Flags,
  gatherSettings,
  type SettingsPlace,
} from './settings/settings-sources.ts'

export { type Environment, type Flags, type SettingsPlace } from './settings/settings-sources.ts'

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
  where: SettingsPlace,
): LoadedSettings {
  const given = gatherSettings(flags, environment, where)
  const { settings, problems } =
    given.problems.length > 0 ? { problems: given.problems } : checkSettings(given, where.cwd)
  if (!settings) {
    const remedy = 'docs/configuration.md lists every setting.'
    throw new UserError(problems.join('\n'), { remedy })
  }
  return {
    settings: { ...settings, data: resolve(where.cwd, settings.data) },
    filePath: given.file?.path,
    warnings: given.warnings,
  }
}
