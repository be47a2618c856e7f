type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment for commands of the repository: this process's own, without what was meant for the
 * agent alone. Nothing there is a secret from the box; it is only no business of a test or a build.
 */
export function commandEnvironment(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ERRAND_')))
}
