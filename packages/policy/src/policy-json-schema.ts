import { z } from 'zod'
import { policySchema, ruleSettings, RuleSeverity } from './policy.ts'
import type { Rule } from './rule.ts'

/** The JSON Schema of a `policy.yml`, for editors. */
export function policyJsonSchema(): unknown {
  return {
    // A name, as it has no address: `errand audit init` writes it beside the policy.
    $id: 'urn:errand:policy:1',
    title: 'A policy of Errand: what the agents of repositories may be configured to do',
    ...z.toJSONSchema(policySchema(severityOrSettings), { io: 'input', target: 'draft-2020-12' }),
  }
}

/** A rule that needs nothing said may be given as its severity. */
function severityOrSettings(rule: Rule): z.ZodType {
  const settings = ruleSettings(rule)
  return settings.safeParse({}).success ? z.union([RuleSeverity, settings]) : settings
}
