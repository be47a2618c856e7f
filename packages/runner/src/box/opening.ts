import type { BoxOptions } from './box.ts'
import type { LaunchPlan } from './launch.ts'
import type { Supervision } from './supervise.ts'

/** What is needed to start one more sandbox of an open box. */
export interface Opening {
  options: BoxOptions
  plan: LaunchPlan
  /** The command that sets the limits, put before what runs inside. */
  limit: readonly string[]
  supervision: Supervision
}
