import { z } from 'zod'

/** Who changed a configuration, by an entry of the audit log; null where the policy itself was changed. */
const Cause = z.object({ actor: z.string(), audit_entry: z.int() }).nullable()

/** Where a repository is, or was, not as the policy of the server wants it. */
export const PolicyDeviation = z.object({
  id: z.int(),
  repository: z.string(),
  rule: z.string(),
  severity: z.string(),
  message: z.string(),
  since: z.iso.datetime(),
  since_by: Cause,
  ended_at: z.iso.datetime().nullable(),
  ended_by: Cause,
})
export type PolicyDeviation = z.infer<typeof PolicyDeviation>

export const PolicyHistory = z.object({
  /** Whether the server has a policy: without one there is no history. */
  is_watched: z.boolean(),
  deviations: z.array(PolicyDeviation),
})
export type PolicyHistory = z.infer<typeof PolicyHistory>
