import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type Forward, boxPaths, firewallPort } from './box/index.ts'
import { SessionFailed } from './failures.ts'
import { systemAuthorities, writeCertificateFiles } from './firewall/certificate-files.ts'
import { composePolicy, type FirewallConfiguration } from './firewall/compose-policy.ts'
import { firewallEnvironment } from './firewall/environment.ts'
import { openFirewall } from './firewall/open-firewall.ts'
import { registriesOf } from './firewall/registries/registries-of.ts'
import { tellBlocked } from './firewall/tell-blocked.ts'
import type { Run } from './run/run.ts'
import type { Workspace } from './workspace/workspace.ts'

/** The way of a session's box to the internet, and what the programs in it have to know of it. */
export interface SessionFirewall extends AsyncDisposable {
  forward: Forward
  /** The environment of whatever is given the way out. */
  env: Readonly<Record<string, string>>
  /** On the host, for the box. Absent where programs need to believe nothing new. */
  certificatesDir?: string
}

/**
 * Opens the firewall of a session by what holds in its repository. What it blocks becomes events.
 *
 * @param parts.mcpServer whose it is; `at` tells it from the others. Default: the agent's
 * @throws SessionFailed sandbox_unavailable
 */
export async function openSessionFirewall(
  run: Run,
  {
    workspace,
    configuration,
    mcpServer,
  }: {
    workspace: Workspace
    configuration: FirewallConfiguration
    mcpServer?: { name: string; at: number }
  },
): Promise<SessionFirewall> {
  const { context, lease } = run
  const place = `${lease.attempt}${mcpServer === undefined ? '' : `-mcp-${mcpServer.at}`}`
  const registries = await registriesOf(context)
  const policy = composePolicy(context, configuration, registries)
  const company = await readCompanyAuthorities(run)
  const isReading = policy.isEnabled && policy.allowlist.readsTls
  const needsFiles = isReading || company !== ''
  const system = needsFiles ? await systemAuthorities() : ''
  const firewall = await openFirewall({
    runDir: workspace.runDir,
    socketName: `firewall-${place}.sock`,
    policy,
    ...(needsFiles ? { trusted: `${system}\n${company}` } : {}),
    onBlocked: tellBlocked(run.recorder, mcpServer?.name),
  })
  const certificatesDir = join(workspace.runDir, `certificates-${place}`)
  if (needsFiles) {
    const extra = company + (isReading ? firewall.certificate : '')
    await writeCertificateFiles(certificatesDir, boxPaths.certificates, { system, extra })
  }
  return {
    forward: { port: firewallPort, socketPath: firewall.socketPath, tellsCommand: true },
    env: firewallEnvironment(registries, needsFiles ? boxPaths.certificates : undefined),
    ...(needsFiles ? { certificatesDir } : {}),
    [Symbol.asyncDispose]: () => firewall[Symbol.asyncDispose](),
  }
}

/**
 * PEM, ending in a line break; empty where there are none.
 *
 * @throws SessionFailed sandbox_unavailable
 */
export async function readCompanyAuthorities(run: Run): Promise<string> {
  const { ca_file: path } = run.context.settings.firewall
  if (path === undefined) return ''
  try {
    return `${(await readFile(path, 'utf8')).trimEnd()}\n`
  } catch (error) {
    run.context.log.error({ err: error }, 'the file of firewall.ca_file cannot be read')
    const message = 'The certificates that firewall.ca_file names cannot be read by the runner.'
    throw new SessionFailed('sandbox_unavailable', message, error)
  }
}
