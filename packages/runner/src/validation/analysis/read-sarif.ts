import { z } from 'zod'

import type { SarifResult, SarifTask } from './tasks.ts'

/** SARIF 2.1.0, as far as it says what was found and where: https://docs.oasis-open.org/sarif/sarif/v2.1.0/. */
const Level = z.enum(['none', 'note', 'warning', 'error'])
const Message = z.object({ text: z.string().optional(), id: z.string().optional() })
const Properties = z
  .object({ 'security-severity': z.coerce.number().optional().catch(undefined) })
  .optional()
  .catch(undefined)
const Rule = z.object({
  id: z.string(),
  shortDescription: Message.optional(),
  defaultConfiguration: z.object({ level: Level.optional() }).optional(),
  properties: Properties,
})
type Rule = z.infer<typeof Rule>
const Place = z.object({
  physicalLocation: z.object({
    artifactLocation: z.object({ uri: z.string() }),
    region: z.object({ startLine: z.int().positive().optional() }).optional(),
  }),
})
const Result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.int().optional(),
  level: Level.optional(),
  message: Message,
  locations: z.array(z.unknown()).default([]),
  /** Whoever wrote the code may have asked for these not to be told. */
  properties: Properties,
})
const Log = z.object({
  runs: z.array(
    z.object({
      tool: z.object({ driver: z.object({ rules: z.array(z.unknown()).default([]) }) }),
      results: z.array(z.unknown()).nullish(),
    }),
  ),
})

/** @throws where it is no SARIF; a result that is none is left out */
export function readSarif({ bytes, most }: SarifTask): SarifResult[] {
  const { runs } = Log.parse(JSON.parse(new TextDecoder().decode(bytes)))
  const found: SarifResult[] = []
  for (const { tool, results } of runs) {
    const rules = tool.driver.rules.map((rule) => Rule.safeParse(rule).data)
    const byId = new Map(rules.flatMap((rule) => (rule === undefined ? [] : [[rule.id, rule]])))
    for (const given of results ?? []) {
      const result = Result.safeParse(given).data
      if (result === undefined) continue
      const rule = rules[result.ruleIndex ?? -1] ?? byId.get(result.ruleId ?? '')
      for (const place of result.locations.slice(0, 1)) {
        const location = Place.safeParse(place).data?.physicalLocation
        if (location === undefined) continue
        const line = location.region?.startLine
        found.push({
          uri: location.artifactLocation.uri,
          ...(line === undefined ? {} : { line }),
          rule: result.ruleId ?? rule?.id ?? 'unknown',
          severity: severityOf(result, rule),
          message: result.message.text ?? rule?.shortDescription?.text ?? 'no message',
        })
      }
      if (found.length >= most) return found
    }
  }
  return found
}

/** As GitHub has it: by the score where there is one, else by the level. */
function severityOf(
  { level, properties }: z.infer<typeof Result>,
  rule: Rule | undefined,
): SarifResult['severity'] {
  const score = properties?.['security-severity'] ?? rule?.properties?.['security-severity']
  if (score !== undefined && score > 0) {
    if (score >= 9) return 'critical'
    if (score >= 7) return 'high'
    return score >= 4 ? 'medium' : 'low'
  }
  const severities = { error: 'high', warning: 'medium', note: 'note', none: 'note' } as const
  return severities[level ?? rule?.defaultConfiguration?.level ?? 'warning']
}
