import type { Environment } from './settings/settings-sources.ts'

/** The environment of this process. No other file of Errand reads it. */
export function readEnvironment(): Environment {
  return process.env
}
