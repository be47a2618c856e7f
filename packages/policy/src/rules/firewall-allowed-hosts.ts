import { z } from 'zod'
import { covers } from '../hosts/covers.ts'
import { HostPattern } from '../hosts/host-pattern.ts'
import { parseReach } from '../hosts/parse-reach.ts'
import { shownEntry } from '../hosts/shown-entry.ts'
import { defineRule, type Finding } from '../rule.ts'

const isAllowed = (entry: string, allow: readonly string[]): boolean => {
  const reach = parseReach(entry)
  if (reach === undefined) return false
  return allow.map(parseReach).some((pattern) => pattern !== undefined && covers(pattern, reach))
}

export const firewallAllowedHosts = defineRule({
  id: 'firewall-allowed-hosts',
  title: 'The custom allowlist has allowed hosts only',
  explanation:
    'Each entry of custom_allowlist must reach nothing that the policy does not allow. An entry `contoso.com` reaches that host and every subdomain, `https://contoso.com/team/` that path and below. In the policy `contoso.com` means the same, `*.contoso.com` only its subdomains, and a URL what is below it. Hosts are compared label by label: `contoso.com.evil.net`, `evilcontoso.com` and letters that only look alike are other hosts.',
  defaultSeverity: 'error',
  parameters: z.strictObject({
    allow: z.array(HostPattern).describe('Hosts, *.hosts and URLs that entries may reach'),
  }),
  check({ custom_allowlist: entries }, { allow }) {
    return entries.flatMap((entry, index): Finding[] => {
      if (isAllowed(entry, allow)) return []
      const path = ['custom_allowlist', index]
      const message =
        parseReach(entry) === undefined
          ? `\`${shownEntry(entry)}\` is neither a host nor a URL: what it reaches is not known.`
          : `\`${shownEntry(entry)}\` reaches what the policy does not allow.`
      return [{ path, subject: entry, message }]
    })
  },
  fix: (configuration, { allow }) => ({
    ...configuration,
    custom_allowlist: configuration.custom_allowlist.filter((entry) => isAllowed(entry, allow)),
  }),
})
