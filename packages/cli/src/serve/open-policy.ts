import { resolve } from 'node:path'
import type { Settings } from '@errand/contract'
import type { Logger } from 'pino'
import { UserError } from '../errors.ts'

type ServerOptions = Parameters<typeof import('@errand/server').createServer>[0]

/** What a server asks its policy: why a task may not run, and where a repository deviates. */
export type PolicyOfServer = Pick<ServerOptions, 'refusalOf' | 'policy'>

/**
 * The policy that the settings name, compiled once: it is watched, and where they say so enforced. Empty
 * where there is none.
 *
 * @throws UserError with every problem of the file
 */
export async function openPolicy(
  { policy: { file, enforce } }: Settings,
  log: Logger,
): Promise<PolicyOfServer> {
  if (file === undefined) {
    if (!enforce) return {}
    throw new UserError('policy.enforce is on, and policy.file names no policy.', {
      remedy: '`errand audit init` writes one to begin with.',
    })
  }
  // Only a server with a policy has rules to read.
  const { policyHash, refusalOf, watchedDeviations } = await import('@errand/policy')
  const { readPolicy } = await import('../audit/read-policy.ts')
  const { compiled, values } = readPolicy(resolve('.'), file)
  const rules = compiled.rules.length
  log.info({ file, rules }, enforce ? 'the policy is enforced' : 'the policy is watched')
  return {
    policy: {
      deviationsOf: (fullName, configuration, today) =>
        watchedDeviations(compiled, fullName, configuration, today),
      hashOn: (today) => policyHash(compiled, values, today),
    },
    ...(enforce && {
      refusalOf: (fullName, configuration, today) =>
        refusalOf(compiled, fullName, configuration, today)?.message,
    }),
  }
}
