import type { CompiledPolicy } from './compile.ts'
import { readConfiguration } from './configuration.ts'
import { evaluatePolicy } from './evaluate.ts'
import { unreadableRule } from './watched-deviations.ts'

/** Why a policy that is enforced lets no task run in a repository. */
export interface Refusal {
  rule: string
  /** A sentence that names the rule, and nothing secret. */
  message: string
}

/**
 * The first reason for which a task may not run under this configuration, if there is one: a deviation of
 * severity `error`, or a rule of that severity that could not be asked. Warnings and notes are told by an
 * audit and refuse nothing; an exception that holds lets it run. A configuration that an audit could not read
 * is refused.
 *
 * @param today as `2027-01-31`, in UTC
 */
export function refusalOf(
  policy: CompiledPolicy,
  repository: string,
  answered: unknown,
  today: string,
): Refusal | undefined {
  const configuration = readConfiguration(answered)
  if ('reason' in configuration) {
    const message = `The configuration cannot be read, and so no rule of the policy be checked: ${configuration.reason}`
    return { rule: unreadableRule, message }
  }
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
