import type { Forge, Settings } from '@errand/contract'
import type { Log, Store } from '@errand/core'

/** What every handler works with. */
export interface ServerContext {
  store: Store
  forge: Forge
  settings: Settings
  log: Log
  /** Where users reach the server, without a slash at the end. */
  publicUrl: () => string
  /** What the server looks at the forge with when no caller is there to ask. */
  forgeToken?: () => string | undefined
  /** What a variable that the settings name holds. Never stored, never logged. */
  secrets: (name: string) => string | undefined
}
