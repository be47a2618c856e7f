import { z } from 'zod'
import { defineRule } from '../rule.ts'

const field = 'require_actions_workflow_approval'

export const workflowApproval = defineRule({
  id: 'workflow-approval',
  title: "Workflows on an agent's changes need approval",
  explanation:
    'A workflow that runs on a pull request runs what the agent wrote, with the secrets of the workflow. A person has to approve it first.',
  defaultSeverity: 'error',
  parameters: z.strictObject({}),
  check({ [field]: isRequired }) {
    if (isRequired) return []
    const message = 'Workflows run on what an agent wrote without approval.'
    return [{ path: [field], subject: field, message }]
  },
  fix: (configuration) => ({ ...configuration, [field]: true }),
})
