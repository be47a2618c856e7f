import { z } from 'zod'
import { flag } from './flag.ts'

/** Whether setup steps run, and how long their results are kept (docs/setup-steps.md). */
export const SetupSettings = z.strictObject({
  enabled: flag
    .default(true)
    .describe('Whether `copilot-setup-steps.yml` of repositories runs before the agent.'),
  cache_mb: z.coerce
    .number()
    .int()
    .min(0)
    .default(4096)
    .describe(
      'Disk that the results of setup steps may take, so that the next task of a repository starts without running them. The ones used longest ago go first. 0 keeps none.',
    ),
  cache_days: z.coerce
    .number()
    .int()
    .min(1)
    .default(7)
    .describe('For how many days results are used before the steps run again.'),
})
