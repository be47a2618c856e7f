import { z } from 'zod'

/** What checks an agent's work before it is pushed, by the names of `enabled_tools` (behaviour.md 3.3). */
export const ValidationTool = z.enum([
  'secret_scanning',
  'dependency_vulnerability_checks',
  'codeql',
  'copilot_code_review',
])
export type ValidationTool = z.infer<typeof ValidationTool>

export const ValidationOutcome = z.enum([
  'passed',
  'findings',
  /** The runner is not configured with what it needs. */
  'not_available',
  /** It could not come to its end: nothing is known. */
  'failed',
])
export type ValidationOutcome = z.infer<typeof ValidationOutcome>

export const FindingSeverity = z.enum(['critical', 'high', 'medium', 'low', 'note'])
export type FindingSeverity = z.infer<typeof FindingSeverity>

/** One thing that a tool has found in the work. Never has the secret it may be about. */
export const Finding = z.object({
  /** Of a file in the repository; absent where it is in none, like in the message of a commit. */
  path: z.string().exactOptional(),
  line: z.int().exactOptional(),
  /** The tool's own name for it. */
  rule: z.string(),
  severity: FindingSeverity,
  message: z.string(),
})
export type Finding = z.infer<typeof Finding>
