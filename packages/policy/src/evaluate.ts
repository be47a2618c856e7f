import { createHash } from 'node:crypto'
import { firstLine } from './cel/expression.ts'
import type { ActiveRule, CompiledPolicy } from './compile.ts'
import type { Configuration } from './configuration.ts'
import { matchesPattern } from './matches-pattern.ts'
import type { Exception } from './policy.ts'
import type { Path, Severity } from './rule.ts'

/** Where a configuration is not as the policy wants it. */
export interface Deviation {
  rule: string
  severity: Severity
  /** `owner/name`; absent for what is wrong with the policy itself. */
  repository?: string
  path: Path
  message: string
  /** The same as long as it is the same deviation, wherever it stands in a list. */
  fingerprint: string
}

export interface Evaluation {
  deviations: Deviation[]
  /** What an exception covers today. */
  excepted: (Deviation & { reason: string; expires: string })[]
  /** Rules that could not be asked of this configuration: it is not known to keep them. */
  unchecked: { rule: string; reason: string }[]
}

export const expiredExceptionRule = {
  id: 'expired-exception',
  title: 'No exception of the policy has expired',
  explanation:
    'An exception holds until its last day and is reported from then on, whether or not the repository deviates. Mend the repository and take the exception out, or give it a new day and a reason that is still true.',
  severity: 'warning',
} as const

/**
 * What a policy says of one repository's configuration. Pure: the same on the command line and on a
 * server, on any day the same as on that day.
 *
 * @param today as `2027-01-31`, in UTC: by it exceptions hold or not
 */
export function evaluatePolicy(
  policy: CompiledPolicy,
  repository: string,
  configuration: Configuration,
  today: string,
): Evaluation {
  const found: Evaluation = { deviations: [], excepted: [], unchecked: [] }
  const exceptions = policy.exceptions.filter((exception) => holds(exception, repository, today))
  for (const rule of policy.rules) {
    const exception = exceptions.find(({ rules }) => rules.includes(rule.id))
    try {
      const deviations = check(rule, repository, configuration)
      if (exception === undefined) found.deviations.push(...deviations)
      else {
        const { reason, expires } = exception
        found.excepted.push(...deviations.map((item) => ({ ...item, reason, expires })))
      }
    } catch (error) {
      if (exception === undefined) {
        found.unchecked.push({ rule: rule.id, reason: firstLine(error) })
      }
    }
  }
  return found
}

/** The exceptions that hold no more, each a deviation of the policy itself. */
export function expiredExceptions({ exceptions }: CompiledPolicy, today: string): Deviation[] {
  return exceptions.flatMap(({ repositories, rules, reason, expires }, at) => {
    if (today <= expires) return []
    const { id: rule, severity } = expiredExceptionRule
    const subject = [...repositories, ...rules, expires].join(' ')
    const message = `The exception of ${rules.join(', ')} for ${repositories.join(', ')} has expired on ${expires}: ${reason}`
    const fingerprint = fingerprintOf(rule, '', subject)
    return [{ rule, severity, path: ['exceptions', at], message, fingerprint }]
  })
}

function check(rule: ActiveRule, repository: string, configuration: Configuration): Deviation[] {
  const { id, severity } = rule
  return rule.check(configuration, repository).map(({ path, subject, message }) => ({
    rule: id,
    severity,
    repository,
    path,
    message,
    fingerprint: fingerprintOf(id, repository, subject),
  }))
}

/** Repositories are called the same in any case of their letters. */
function holds({ repositories, expires }: Exception, repository: string, today: string): boolean {
  const name = repository.toLowerCase()
  return (
    today <= expires && repositories.some((pattern) => matchesPattern(pattern.toLowerCase(), name))
  )
}

function fingerprintOf(rule: string, repository: string, subject: string): string {
  const text = JSON.stringify([rule, repository.toLowerCase(), subject])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
