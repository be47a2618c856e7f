import { z } from 'zod'
import { HostPattern } from '../hosts/host-pattern.ts'
import { overlaps } from '../hosts/overlaps.ts'
import { parseReach } from '../hosts/parse-reach.ts'
import { shownEntry } from '../hosts/shown-entry.ts'
import { defineRule, type Finding } from '../rule.ts'

/** What denies an entry. One whose reach is not known may reach anything. */
function denierOf(entry: string, deny: readonly string[]): string | undefined {
  const reach = parseReach(entry)
  return deny.find((text) => {
    const pattern = parseReach(text)
    return reach === undefined || (pattern !== undefined && overlaps(pattern, reach))
  })
}

export const firewallDeniedHosts = defineRule({
  id: 'firewall-denied-hosts',
  title: 'The custom allowlist has no denied host',
  explanation:
    'No entry of custom_allowlist may reach any part of what the policy denies: `pastebin.com` in the policy also finds the entries `api.pastebin.com`, `https://pastebin.com/raw/` and `com`.',
  defaultSeverity: 'error',
  parameters: z.strictObject({
    deny: z.array(HostPattern).min(1).describe('Hosts, *.hosts and URLs that no entry may reach'),
  }),
  check({ custom_allowlist: entries }, { deny }) {
    return entries.flatMap((entry, index): Finding[] => {
      const denier = denierOf(entry, deny)
      if (denier === undefined) return []
      const path = ['custom_allowlist', index]
      const message = `\`${shownEntry(entry)}\` may reach \`${denier}\`, which the policy denies.`
      return [{ path, subject: entry, message }]
    })
  },
  fix: (configuration, { deny }) => ({
    ...configuration,
    custom_allowlist: configuration.custom_allowlist.filter(
      (entry) => denierOf(entry, deny) === undefined,
    ),
  }),
})
