/** What is checked where there is no policy file: the rules that need nothing said. */
export const recommendedPolicy = {
  version: 1,
  rules: {
    'firewall-enabled': 'error',
    'mcp-tools-listed': 'warning',
    'mcp-secret-references': 'error',
    'mcp-no-literal-secrets': 'error',
    'review-tools': 'error',
    'workflow-approval': 'error',
    automations: 'error',
  },
} as const
