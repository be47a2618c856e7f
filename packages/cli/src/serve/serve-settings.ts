import type { Settings } from '@errand/contract'
import type { Logger } from 'pino'
import { type Flags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examineUpstreams } from './examine-upstreams.ts'
import { findModels, modelVariables } from './found-models.ts'
import { createLog } from './log.ts'

export interface Prepared {
  settings: Settings
  log: Logger
}

/** Settings and log of a server or a worker, with the models the environment has keys for. */
export async function prepare(
  terminal: Terminal,
  flags: Flags,
  config: string | undefined,
): Promise<Prepared> {
  const { environment, cwd, signal } = terminal
  const loaded = loadSettings(flags, environment, { cwd, ...(config !== undefined && { config }) })
  const log = createLog(loaded.settings.log_level, {
    write: (text) => terminal.err(text),
    isInteractive: terminal.isErrInteractive,
    paint: terminal.paint,
  })
  for (const warning of loaded.warnings) log.warn(warning)
  if (loaded.filePath !== undefined) log.debug({ file: loaded.filePath }, 'settings file read')
  const { settings } = loaded
  if (Object.keys(settings.upstreams).length > 0 || settings.models.length > 0) {
    for (const { ok, detail } of await examineUpstreams(settings, environment)) {
      if (!ok) log.error(`${detail}: its models fail until it is there`)
    }
    return { settings, log }
  }
  const found = await findModels(environment, { signal })
  for (const note of found.notes) log.info(`using ${note}`)
  if (found.models.length === 0) {
    log.info(
      `no model is configured, only \`script\` runs; set one of ${modelVariables.join(', ')}`,
    )
  }
  return { settings: { ...settings, upstreams: found.upstreams, models: found.models }, log }
}
