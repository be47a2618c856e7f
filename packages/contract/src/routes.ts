import { agentValueRoutes } from './agent-value-routes.ts'
import { automationRoutes } from './automation-routes.ts'
import { campaignRoutes } from './campaign-routes.ts'
import { configurationRoutes } from './configuration-routes.ts'
import { taskRoutes } from './task-routes.ts'
import { usageRoutes } from './usage-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'

/** Every operation of the API, in the order of the docs: one file for each group beside this one. */
export const routes = {
  ...taskRoutes,
  ...automationRoutes,
  ...campaignRoutes,
  ...configurationRoutes,
  ...usageRoutes,
  ...webhookRoutes,
  ...agentValueRoutes,
} as const

export { agentValueRoutes, configurationRoutes, taskRoutes, webhookRoutes }

export type RouteName = keyof typeof routes
