/** Every git of ours knows the machine's git and nothing else: no settings, no prompt, no home. */
const environment: Record<string, string> = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/run/current-system/sw/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
}

/**
 * Settings of every command. They go by the environment, where they win over what is written in a
 * repository, so that an update of Errand reaches the repositories that are there already.
 */
const settings: ConfigEntry[] = [
  ['core.hooksPath', '/dev/null'],
  // The repositories are ours, whoever the server runs as.
  ['safe.directory', '*'],
  // Beyond it a file is neither compared nor held in memory: what is pushed may be made to hurt.
  ['core.bigFileThreshold', '32m'],
  ['core.fsync', 'committed,loose-object,reference'],
  ['core.fsyncMethod', 'batch'],
  // Packing is our own affair (tidy.ts), and never done behind our back.
  ['gc.auto', '0'],
  ['gc.autoDetach', 'false'],
  ['maintenance.auto', 'false'],
]

/** A setting's name and value; a name may come more than once where git takes a list. */
export type ConfigEntry = [name: string, value: string]

/** The environment of a git command, with settings for it beside those of every command. */
export function gitEnvironment(
  config: ConfigEntry[] = [],
  more: Record<string, string> = {},
): Record<string, string> {
  const entries = [...settings, ...config]
  const pairs = entries.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ])
  const count = { GIT_CONFIG_COUNT: String(entries.length) }
  return { ...environment, ...count, ...Object.fromEntries(pairs), ...more }
}
