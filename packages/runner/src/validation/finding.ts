import type { Finding, ValidationOutcome, ValidationTool } from '@errand/contract'

/** What one tool says of the work. */
export interface Report {
  tool: ValidationTool
  outcome: ValidationOutcome
  /** Why it is not available, or has failed: a sentence for users. */
  message?: string
  findings: readonly Finding[]
}

/** A tool that is configured could not come to its end. The message is a part of a sentence for users. */
export class ToolFailed extends Error {
  override name = 'ToolFailed'
}
