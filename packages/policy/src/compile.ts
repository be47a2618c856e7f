import { type CompiledCustomRule, compileCustomRule, CustomRuleError } from './cel/custom-rule.ts'
import type { Configuration } from './configuration.ts'
import { type Exception, policySchema, ruleSettings } from './policy.ts'
import type { Finding, Path, Rule, Severity } from './rule.ts'
import { rules } from './rules.ts'

/** A rule as the policy asks it. */
export interface ActiveRule {
  id: string
  title: string
  explanation: string
  severity: Severity
  /** @throws Error when a rule of the policy's own cannot be asked of this configuration */
  check(configuration: Configuration, repository: string): Finding[]
  fix?(configuration: Configuration): Configuration
}

export interface CompiledPolicy {
  rules: ActiveRule[]
  exceptions: Exception[]
}

export interface PolicyProblem {
  path: Path
  message: string
  /** A key that does not exist, at that path. */
  unknownKey?: string
}

/** Everything that is wrong with a policy file. */
export class PolicyError extends Error {
  readonly problems: readonly PolicyProblem[]

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
    this.name = 'PolicyError'
    this.problems = problems
  }
}

const PolicyFile = policySchema(ruleSettings)

/**
 * A policy from what its file holds, ready to be asked of any number of configurations.
 *
 * @throws PolicyError with all that is wrong
 */
export function compilePolicy(value: unknown): CompiledPolicy {
  const parsed = PolicyFile.safeParse(withSettings(value))
  if (!parsed.success) {
    throw new PolicyError(
      parsed.error.issues.map((issue) => ({
        // Of JSON, whose keys are these.
        path: issue.path as Path,
        ...(issue.code === 'unrecognized_keys'
          ? { message: `${issue.keys[0]} is not known`, unknownKey: issue.keys[0] ?? '' }
          : { message: issue.message }),
      })),
    )
  }
  const { rules: settings, custom_rules: custom, exceptions } = parsed.data
  const problems: PolicyProblem[] = []
  const own = custom.flatMap((rule, at): ActiveRule[] => {
    if (rule.severity === 'off') return []
    try {
      const { id, title = id, explanation = title, severity } = rule
      const compiled = compileCustomRule(rule)
      return [{ id, title, explanation, severity, check: checkOf(id, compiled) }]
    } catch (error) {
      if (!(error instanceof CustomRuleError)) throw error
      problems.push({ path: ['custom_rules', at, error.key], message: error.message })
      return []
    }
  })
  problems.push(
    ...repeatedIds(custom.map(({ id }) => id)),
    ...unknownRules(exceptions, [...rules, ...custom]),
  )
  const active = [...rules.flatMap((rule) => activate(rule, settings[rule.id])), ...own]
  if (active.length === 0 && problems.length === 0) {
    problems.push({ path: ['rules'], message: 'no rule is on: such a policy finds nothing' })
  }
  if (problems.length > 0) throw new PolicyError(problems)
  return { rules: active, exceptions }
}

/** `firewall-enabled: error` is short for `firewall-enabled: { severity: error }`. */
function withSettings(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('rules' in value)) return value
  const { rules: given } = value
  if (typeof given !== 'object' || given === null) return value
  const settings = Object.entries(given).map(([id, item]: [string, unknown]) => [
    id,
    typeof item === 'string' ? { severity: item } : item,
  ])
  return { ...value, rules: Object.fromEntries(settings) }
}

function activate(rule: Rule, settings: unknown): ActiveRule[] {
  if (settings === undefined) return []
  // As `ruleSettings` has parsed it: the rule's parameters, and a severity.
  const { severity, ...parameters } = settings as { severity: Severity | 'off' }
  if (severity === 'off') return []
  const { id, title, explanation } = rule
  const fix = rule.fix?.bind(rule)
  return [
    {
      id,
      title,
      explanation,
      severity,
      check: (configuration) => rule.check(configuration, parameters),
      ...(fix && { fix: (configuration) => fix(configuration, parameters) }),
    },
  ]
}

function checkOf(id: string, compiled: CompiledCustomRule): ActiveRule['check'] {
  return (configuration, repository) => {
    const message = compiled.check({ configuration, repository })
    return message === undefined ? [] : [{ path: [], subject: id, message }]
  }
}

function repeatedIds(ids: readonly string[]): PolicyProblem[] {
  const known = new Set(rules.map(({ id }) => id))
  return ids.flatMap((id, at) => {
    if (!known.has(id)) {
      known.add(id)
      return []
    }
    return [{ path: ['custom_rules', at, 'id'], message: `there is a rule ${id} already` }]
  })
}

function unknownRules(
  exceptions: readonly Exception[],
  known: readonly { id: string }[],
): PolicyProblem[] {
  return exceptions.flatMap(({ rules: ids }, at) =>
    ids.flatMap((id, index) =>
      known.some((rule) => rule.id === id)
        ? []
        : [{ path: ['exceptions', at, 'rules', index], message: `there is no rule ${id}` }],
    ),
  )
}
