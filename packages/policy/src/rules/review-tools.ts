import { z } from 'zod'
import { defineRule } from '../rule.ts'

const tools = [
  'codeql',
  'copilot_code_review',
  'secret_scanning',
  'dependency_vulnerability_checks',
] as const

export const reviewTools = defineRule({
  id: 'review-tools',
  title: "The agent's changes are checked by the required tools",
  explanation:
    'Before an agent opens a pull request its changes can be checked by CodeQL, code review, secret scanning and a check of its dependencies. Turn on those that the policy requires, under enabled_tools.',
  defaultSeverity: 'error',
  parameters: z.strictObject({
    require: z
      .array(z.enum(tools))
      .min(1)
      .default([...tools])
      .describe('The tools that must be on'),
  }),
  check({ enabled_tools: enabled }, { require }) {
    return [...new Set(require)]
      .filter((tool) => !enabled[tool])
      .map((tool) => ({
        path: ['enabled_tools', tool],
        subject: tool,
        message: `The check \`${tool}\` is off.`,
      }))
  },
  fix: (configuration, { require }) => ({
    ...configuration,
    enabled_tools: {
      ...configuration.enabled_tools,
      ...Object.fromEntries(require.map((tool) => [tool, true])),
    },
  }),
})
