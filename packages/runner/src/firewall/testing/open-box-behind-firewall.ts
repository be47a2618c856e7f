import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { boxPaths, firewallPort } from '../../box/index.ts'
import { openTestBox, type ShellResult } from '../../box/testing/open-test-box.ts'
import { compileAllowlist } from '../allowlist.ts'
import { systemAuthorities, writeCertificateFiles } from '../certificate-files.ts'
import { firewallEnvironment } from '../environment.ts'
import { openFirewall } from '../open-firewall.ts'
import type { Blocked } from '../policy.ts'
import { resolverOf } from './resolver-of.ts'
import { type Site, startSite } from './start-site.ts'

/** A box whose programs reach a site of the test's, which answers for every name, by a firewall. */
export interface BoxBehindFirewall extends AsyncDisposable {
  workspaceDir: string
  blocked: Blocked[]
  /** On the host. */
  socketPath: string
  /** Runs a shell script with the firewall as its way out. */
  sh(script: string, env?: Record<string, string>): Promise<ShellResult>
}

const longestRunMs = 120_000

/**
 * Opens one with these entries on its allowlist. Nothing listens at any name's address but the site.
 *
 * @param site what answers; its authority is one that the box believes, as a company's own is
 */
export async function openBoxBehindFirewall(
  site: Site,
  entries: readonly string[],
  {
    readOnlyPaths = [],
    resolve = () => '127.0.0.1',
  }: { readOnlyPaths?: readonly string[]; resolve?: (name: string) => string } = {},
): Promise<BoxBehindFirewall> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-behind-'))
  const blocked: Blocked[] = []
  const system = await systemAuthorities()
  const company = site.authority.certificate
  const firewall = await openFirewall({
    runDir: folder,
    socketName: 'firewall.sock',
    policy: {
      isEnabled: true,
      isReportOnly: false,
      allowlist: compileAllowlist(entries),
      mayReach: (address) => address === '127.0.0.1',
    },
    trusted: `${system}\n${company}`,
    onBlocked: (what) => blocked.push(what),
    resolve: resolverOf(resolve),
  })
  const certificatesDir = join(folder, 'certificates')
  await mkdir(certificatesDir)
  const extra = company + firewall.certificate
  await writeCertificateFiles(certificatesDir, boxPaths.certificates, { system, extra })
  const test = await openTestBox({ certificatesDir, readOnlyPaths })
  const forwards = [
    { port: firewallPort, socketPath: firewall.socketPath, tellsCommand: true },
  ] as const
  return {
    workspaceDir: test.workspaceDir,
    blocked,
    socketPath: firewall.socketPath,
    sh(script, env = {}) {
      const all = { ...firewallEnvironment({}, boxPaths.certificates), ...env }
      return test.sh(script, { forwards, env: all, timeoutMs: longestRunMs })
    },
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      await firewall[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A site that serves the files of a map by their path, over TLS. */
export function startFileSite(
  files: ReadonlyMap<string, string | Buffer>,
  address = '127.0.0.1',
): Promise<Site> {
  return startSite({
    address,
    serve(request, response) {
      const path = (request.url ?? '').replace(/\?.*/, '')
      const content = files.get(decodeURIComponent(path))
      if (content === undefined) return response.writeHead(404).end('not here')
      const type = path.endsWith('/') ? 'text/html' : 'application/octet-stream'
      return response.writeHead(200, { 'content-type': type }).end(content)
    },
  })
}
