import type { FirewallRule } from '@errand/contract'

import type { Allowlist, Destination, HostVerdict } from './allowlist.ts'

/** Where everything behind one socket may connect. */
export interface FirewallPolicy {
  /** Switched off, everything passes that is not private to the runner. */
  isEnabled: boolean
  /** Whether what would be blocked is only told of. */
  isReportOnly: boolean
  allowlist: Allowlist
  /** Of a numeric address. What is private to the runner only where its operator says so. */
  mayReach: (address: string) => boolean
}

export interface Blocked extends Destination {
  /** Absent where only the host was known. */
  path?: string
  rule: FirewallRule
  /** The command that tried, as the box says: nothing to rely on. */
  process?: string
  isReportOnly: boolean
}

/** What to do with a tunnel to a host. */
export function judgeTunnel(
  { isEnabled, isReportOnly, allowlist }: FirewallPolicy,
  destination: Destination,
): HostVerdict['type'] {
  if (!isEnabled) return 'open'
  const { type } = allowlist.judgeHost(destination)
  // What would be refused goes on as it is, unread.
  return type === 'closed' && isReportOnly ? 'open' : type
}

/** Whether a request that can be read may pass. */
export function mayPass(
  { isEnabled, allowlist }: FirewallPolicy,
  destination: Destination,
  path: string,
): boolean {
  return !isEnabled || allowlist.ruleFor(destination, path) !== undefined
}
