import type { RunnerContext } from '../../run/run.ts'
import { findRegistries, type Registries } from './find-registries.ts'

const found = new WeakMap<RunnerContext, Promise<Registries>>()

/**
 * Where the package managers of this machine fetch packages, asked once by each runner: it takes seconds.
 * Nothing where the settings say that registries are not allowed by themselves.
 */
export function registriesOf(context: RunnerContext): Promise<Registries> {
  if (!context.settings.firewall.package_registries) return Promise.resolve({})
  const known = found.get(context)
  if (known !== undefined) return known
  const asked = findRegistries()
  found.set(context, asked)
  // The next session asks again; this one hears of it.
  asked.catch(() => found.delete(context))
  return asked
}
