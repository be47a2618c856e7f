import type { Settings } from '@errand/contract'

/**
 * How many tasks of one campaign are worked on at a time, for its forecast: by this server's own
 * runner, or, where it has none, by as many runners as the limits admit.
 */
export function slotsOf({ limits, runner }: Settings): number {
  const most = Math.min(limits.total, limits.per_owner, limits.per_model)
  return runner.enabled ? Math.min(runner.concurrency, most) : most
}
