import { z } from 'zod'
import { AddressOrNetwork } from './address-or-network.ts'
import { flag } from './flag.ts'

/** What the operator says of every session's firewall; what agents may reach, repositories say. */
export const FirewallSettings = z.strictObject({
  report_only: flag
    .default(false)
    .describe(
      'Whether what the allowlists do not name is let through and only told of: to learn what repositories need before it is blocked.',
    ),
  private_networks: z
    .array(AddressOrNetwork)
    .default([])
    .describe(
      "Private and reserved addresses, or networks such as `10.20.0.0/16`, that agents may reach where the allowlist lets them: a mirror inside the company. Nothing else private can be reached, this machine and a cloud's metadata service least of all.",
    ),
  package_registries: flag
    .default(true)
    .describe(
      'Whether the recommended allowlist holds the registries that the package managers of the machine are configured with.',
    ),
  ca_file: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      "A PEM file of authorities that agents' programs and the firewall believe beside those of the system: a company's own.",
    ),
})
export type FirewallSettings = z.infer<typeof FirewallSettings>
