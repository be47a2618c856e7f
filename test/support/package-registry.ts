import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { promisify } from 'node:util'
import type { TestSettings } from './test-settings.ts'

/** Where npm of this machine gets its packages from, and a firewall that lets sandboxes get theirs from there. */
export interface PackageRegistry {
  host: string
  firewall: NonNullable<TestSettings['firewall']>
}

export async function findPackageRegistry(): Promise<PackageRegistry> {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd: '/' })
  const host = new URL(stdout.trim()).hostname
  // A company's own may have an address that is not public, and a certificate of its own.
  const { address } = await lookup(host)
  const authorities = process.env.NODE_EXTRA_CA_CERTS
  return {
    host,
    firewall: {
      package_registries: true,
      private_networks: [address],
      ...(authorities !== undefined && { ca_file: authorities }),
    },
  }
}
