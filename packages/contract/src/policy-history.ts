import { z } from 'zod'

/**
 * What brought it about: a change of the configuration, or of the policy. `unknown` where both were changed since
 * it was last looked at, or neither, as when the server's own settings were.
 */
const CauseKind = z.enum(['configuration', 'policy', 'unknown'])

/** Whose change of the configuration it was, by its entry of the audit log; null for another cause. */
const Cause = z.object({ actor: z.string(), audit_entry: z.int() }).nullable()

/** Where a repository is, or was, not as the policy of the server wants it. */
export const PolicyDeviation = z.object({
  id: z.int(),
  repository: z.string(),
  rule: z.string(),
  severity: z.string(),
  message: z.string(),
  since: z.iso.datetime(),
  since_cause: CauseKind,
  since_by: Cause,
  ended_at: z.iso.datetime().nullable(),
  ended_cause: CauseKind.nullable(),
  ended_by: Cause,
})
export type PolicyDeviation = z.infer<typeof PolicyDeviation>

export const PolicyHistory = z.object({
  /** Whether the server has a policy: without one there is no history. */
  is_watched: z.boolean(),
  deviations: z.array(PolicyDeviation),
})
export type PolicyHistory = z.infer<typeof PolicyHistory>
