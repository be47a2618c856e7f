import { type CompiledPolicy } from './compile.ts'
import { type Configuration } from './configuration.ts'
import { evaluatePolicy } from './evaluate.ts'

/** Why a policy that is enforced lets no task run in a repository. */
export interface Refusal {
  rule: string
  /** A sentence that names the rule, and nothing secret. */
  message: string
}

/**
 * The first reason for which a task may not run under this configuration, if there is one: a deviation of
 * severity `error`, or a rule of that severity that could not be asked. Warnings and notes are told by an
 * audit and refuse nothing; an exception that holds lets it run.
 *
 * @param today as `2027-01-31`, in UTC
 */
export function refusalOf(
  policy: CompiledPolicy,
  repository: string,
  configuration: Configuration,
  today: string,
): Refusal | undefined {
  const errors = policy.rules.filter(({ severity }) => severity === 'error')
  const asked = { ...policy, rules: errors }
  const { deviations, unchecked } = evaluatePolicy(asked, repository, configuration, today)
  const [deviation] = deviations
  if (deviation !== undefined) {
    const { rule, message } = deviation
    return { rule, message: `The policy's rule ${rule} does not let agents run here: ${message}` }
  }
  const [unknown] = unchecked
  if (unknown === undefined) return undefined
  const { rule, reason } = unknown
  return { rule, message: `The policy's rule ${rule} could not be checked here: ${reason}` }
}
