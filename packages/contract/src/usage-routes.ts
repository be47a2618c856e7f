import { z } from 'zod'
import { commonErrors, route } from './route.ts'
import { UsageQuery, UsageReport } from './usage.ts'

const base = {
  method: 'GET',
  origin: 'beyond',
  who: 'user',
  query: UsageQuery,
  answers: { 200: UsageReport },
  spec: 'docs/costs.md',
} as const

/** What the use of models has cost. GitHub has it in its billing only. */
export const usageRoutes = {
  getOrganizationUsage: route({
    ...base,
    path: '/orgs/{org}/agents/usage',
    permission: 'organization_copilot_agent_settings:read',
    summary: "What an organization's sessions have used",
    params: z.object({ org: z.string() }),
    errors: [...commonErrors, 'forbidden', 'not_found'],
  }),
  getUsage: route({
    ...base,
    path: '/agents/usage',
    permission: 'agent_tasks:read',
    summary: "What the authenticated user's sessions have used",
    params: z.object({}),
    errors: commonErrors,
  }),
} as const
