import { resolve } from 'node:path'
import { type Settings } from '@errand/contract'
import { type Logger } from 'pino'
import { UserError } from '../errors.ts'

/** As the server asks it. */
export type RefusalOf = NonNullable<
  Parameters<typeof import('@errand/server').createServer>[0]['refusalOf']
>

/**
 * The policy that the settings have enforced, compiled once. Undefined where none is.
 *
 * @throws UserError with every problem of the file
 */
export async function openPolicy(
  { policy: { file, enforce } }: Settings,
  log: Logger,
): Promise<RefusalOf | undefined> {
  if (!enforce) return undefined
  if (file === undefined) {
    throw new UserError('policy.enforce is on, and policy.file names no policy.', {
      remedy: '`errand audit init` writes one to begin with.',
    })
  }
  // Only a server with a policy has rules to read.
  const { refusalOf } = await import('@errand/policy')
  const { readPolicy } = await import('../audit/read-policy.ts')
  const { compiled } = readPolicy(resolve('.'), file)
  log.info({ file, rules: compiled.rules.length }, 'the policy is enforced')
  return (fullName, configuration, today) =>
    refusalOf(compiled, fullName, configuration, today)?.message
}
