import { join } from 'node:path'
import type { Settings } from '@errand/contract'
import { checkoutDir } from '../client/install-dir.ts'
import type { QuickstartOptions } from '../commands/quickstart.ts'
import { findModels } from '../serve/found-models.ts'
import { type Flags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { isPortFree } from './free-port.ts'

/** Settings for showing the thing: defaults, whatever errand.yml says, and a data folder apart. */
export async function prepareSettings(
  terminal: Terminal,
  options: QuickstartOptions,
): Promise<{ settings: Settings; notes: string[] }> {
  const { environment, cwd, signal, err } = terminal
  const data = options.data ?? join(checkoutDir() ?? cwd, '.errand', 'quickstart')
  const flags: Flags = {
    data: { flag: '--data', value: data },
    forge: { flag: '--forge', value: 'embedded' },
    ...(options.port !== undefined && { port: { flag: '--port', value: options.port } }),
  }
  const { settings } = loadSettings(flags, environment, { cwd, config: { none: true } })
  const isChosen = options.port !== undefined || environment.ERRAND_PORT !== undefined
  if (!isChosen && !(await isPortFree(settings.host, settings.port))) {
    err(`Port ${settings.port} is taken: taking a free one.\n`)
    settings.port = 0
  }
  const { upstreams, models, notes } = await findModels(environment, { signal })
  // Whoever looks for the first time need not wait for what the job does without.
  const enabled =
    environment.ERRAND_SETUP_STEPS_ENABLED !== undefined && settings.setup_steps.enabled
  const setup_steps = { ...settings.setup_steps, enabled }
  return { settings: { ...settings, setup_steps, upstreams, models }, notes }
}
