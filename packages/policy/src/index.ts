export { type Configuration, readConfiguration, type Unreadable } from './configuration.ts'
export { compilePolicy, type CompiledPolicy, PolicyError, type PolicyProblem } from './compile.ts'
export {
  type Deviation,
  evaluatePolicy,
  type Evaluation,
  expiredExceptions,
  expiredExceptionRule,
} from './evaluate.ts'
export { type Fix, fixConfiguration } from './fix.ts'
export { covers } from './hosts/covers.ts'
export { parseReach, type Reach } from './hosts/parse-reach.ts'
export { isNoWeaker } from './is-no-weaker.ts'
export { policyJsonSchema } from './policy-json-schema.ts'
export { policyHash } from './policy-hash.ts'
export { type WatchedDeviation, watchedDeviations } from './watched-deviations.ts'
export { type Refusal, refusalOf } from './refusal-of.ts'
export { recommendedPolicy } from './recommended-policy.ts'
export { type Rule, type Severity, severities } from './rule.ts'
export { rules } from './rules.ts'
export { shownEntry } from './hosts/shown-entry.ts'
export { policyTemplate } from './policy-template.ts'
