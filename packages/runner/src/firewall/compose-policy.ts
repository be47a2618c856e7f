import { BlockList, isIP } from 'node:net'

import type { CloudAgentConfiguration, Settings } from '@errand/contract'
import { isPublicAddress } from '@errand/core'

import type { RunnerForge } from '../run/session-forge.ts'
import { compileAllowlist } from './allowlist.ts'
import type { FirewallPolicy } from './policy.ts'
import { recommendedAllowlist } from './recommended-allowlist.ts'
import type { Registries } from './registries/find-registries.ts'

export type FirewallConfiguration = Pick<
  CloudAgentConfiguration,
  'is_firewall_enabled' | 'is_firewall_recommended_allowlist_enabled' | 'custom_allowlist'
>

/** Where the agents of a repository may connect: what its configuration says, as this runner can do it. */
export function composePolicy(
  { settings, forge }: { settings: Pick<Settings, 'firewall' | 'forge'>; forge: RunnerForge },
  configuration: FirewallConfiguration,
  registries: Registries,
): FirewallPolicy {
  const recommended = configuration.is_firewall_recommended_allowlist_enabled
    ? [
        ...Object.values(recommendedAllowlist).flat(),
        ...Object.values(registries).flatMap(({ urls }) => urls.map(originOf)),
        // The embedded forge is this very server: agents have no business there.
        ...(settings.forge === 'embedded' ? [] : [forge.webUrl, forge.apiUrl].map(originOf)),
      ]
    : []
  return {
    isEnabled: configuration.is_firewall_enabled,
    isReportOnly: settings.firewall.report_only,
    allowlist: compileAllowlist([...configuration.custom_allowlist, ...recommended]),
    mayReach: reachable(settings.firewall.private_networks),
  }
}

/** All of a host that packages come from: it need not be read which of its paths are asked for. */
function originOf(url: string): string {
  return `${new URL(url).origin}/`
}

/** Public addresses, and those of the networks given. */
export function reachable(networks: readonly string[]): (address: string) => boolean {
  const allowed = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    allowed.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return (address) => {
    const version = isIP(address)
    if (version === 0) return false
    return isPublicAddress(address) || allowed.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}
