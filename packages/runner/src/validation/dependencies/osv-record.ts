import type { FindingSeverity } from '@errand/contract'
import { z } from 'zod'

/** A record of the OSV format, as far as it is used: https://ossf.github.io/osv-schema/. */
export const OsvRecord = z.object({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
  modified: z.string().optional(),
  withdrawn: z.string().nullish(),
  aliases: z.array(z.string()).nullish(),
  summary: z.string().nullish(),
  database_specific: z.object({ severity: z.string().optional().catch(undefined) }).nullish(),
  affected: z
    .array(
      z.object({
        package: z.object({ ecosystem: z.string(), name: z.string() }).optional(),
        ranges: z
          .array(z.object({ type: z.string(), events: z.array(z.record(z.string(), z.string())) }))
          .nullish(),
        versions: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
})
export type OsvRecord = z.infer<typeof OsvRecord>

const severities: Readonly<Record<string, FindingSeverity>> = {
  critical: 'critical',
  high: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
}

/** Whatever is known to be malware is the worst there is. Where nobody says, the middle is taken. */
export function severityOf({ id, aliases, database_specific: said }: OsvRecord): FindingSeverity {
  if ([id, ...(aliases ?? [])].some((one) => one.startsWith('MAL-'))) return 'critical'
  return severities[said?.severity?.toLowerCase() ?? ''] ?? 'medium'
}
