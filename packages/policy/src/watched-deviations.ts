import { createHash } from 'node:crypto'
import type { CompiledPolicy } from './compile.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { type Deviation, evaluatePolicy } from './evaluate.ts'

/** A deviation as a history keeps it. */
export interface WatchedDeviation extends Pick<
  Deviation,
  'fingerprint' | 'rule' | 'severity' | 'message'
> {
  /** Where in the configuration it stands, by names; an entry of a list by itself. Empty: anywhere. */
  place: string[]
}

/** What stands for a rule where the configuration itself cannot be read. */
export const unreadableRule = 'configuration'

/**
 * All that keeps a repository from being known to keep the policy, as enforcing it refuses: where it
 * deviates, and each rule that could not be asked of it.
 *
 * @param today as `2027-01-31`, in UTC
 */
export function watchedDeviations(
  policy: CompiledPolicy,
  repository: string,
  answered: unknown,
  today: string,
): WatchedDeviation[] {
  const configuration = readConfiguration(answered)
  if ('reason' in configuration) {
    const { reason } = configuration
    return [notAsked({ rule: unreadableRule, severity: 'error', repository, reason })]
  }
  const { deviations, unchecked } = evaluatePolicy(policy, repository, configuration, today)
  return [
    ...deviations.map(({ fingerprint, rule, severity, message, path }) => ({
      fingerprint,
      rule,
      severity,
      message,
      place: placeOf(configuration, path),
    })),
    ...unchecked.map(({ rule, reason }) => {
      // It is one of the policy's rules.
      const { severity } = policy.rules.find(({ id }) => id === rule)!
      return notAsked({ rule, severity, repository, reason })
    }),
  ]
}

/** The same as long as it cannot be asked, for whatever reason. */
function notAsked(of: {
  rule: string
  severity: Deviation['severity']
  repository: string
  reason: string
}): WatchedDeviation {
  const { rule, severity, repository, reason } = of
  const subject = JSON.stringify(['not asked', rule, repository.toLowerCase()])
  const fingerprint = createHash('sha256').update(subject).digest('hex').slice(0, 32)
  return { fingerprint, rule, severity, message: `It could not be checked: ${reason}`, place: [] }
}

/** A path of names alone: where an entry stands in its list changes with the others. */
function placeOf(configuration: Configuration, path: Deviation['path']): string[] {
  let value: unknown = configuration
  return path.map((part) => {
    value = Reflect.get(Object(value), part)
    return typeof part === 'number' && typeof value === 'string' ? value : String(part)
  })
}
