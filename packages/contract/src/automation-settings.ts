import { z } from 'zod'
import { flag } from './flag.ts'

export const Automations = z.strictObject({
  is_automations_enabled: flag
    .default(true)
    .describe('Whether automations run, and may be made and changed. They can be looked at.'),
  require_write_access_for_automation_triggers: flag
    .default(true)
    .describe(
      'Whoever starts a run must have write access. Otherwise each automation says so by its `require_actor_write_permission`, and a reader may start those that do not.',
    ),
  token_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')
    .exactOptional()
    .describe(
      'The variable with the token by which automations look at a forge elsewhere, after checking what their creator may do. The embedded forge needs none.',
    ),
})
