import type { ValidationTool } from '@errand/contract'

/** What each tool is called in texts. */
export const toolNames = {
  secret_scanning: 'secret scanning',
  dependency_vulnerability_checks: 'the check of new dependencies',
  codeql: 'code scanning',
  copilot_code_review: 'the review',
} as const satisfies Record<ValidationTool, string>
