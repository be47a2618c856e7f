import { ErrandError } from '@errand/contract'

import { SessionFailed } from '../failures.ts'
import { findInstalled, installedVersion } from '../install/installed.ts'
import { installAgent } from '../install/install-agent.ts'
import type { Run } from '../run/run.ts'
import {
  type AgentDescriptor,
  describeBuiltin,
  describeEntry,
  type Installed,
} from './descriptor.ts'

/**
 * An agent, by default the session's, by its name in the settings or among those that come with Errand. One that is
 * not on this machine is installed, where the settings allow that.
 *
 * @throws SessionFailed agent_unknown, agent_not_installed
 */
export async function prepareAgent(
  run: Run,
  name: string = run.lease.session.agent,
): Promise<AgentDescriptor> {
  const { settings, programs } = run.context
  const entry = settings.agents[name]
  if (entry !== undefined) {
    const installed =
      entry.distribution === undefined ? undefined : await requireInstalled(run, name)
    const { permissions } = settings
    return describeEntry(name, entry, installed, { programs, permissions })
  }
  const builtin = describeBuiltin(programs, name)
  if (builtin !== undefined) return builtin
  const known = [...Object.keys(programs.agents), ...Object.keys(settings.agents)].join(', ')
  const message = `The agent ${name} is not configured on this runner; it knows ${known}.`
  throw new SessionFailed('agent_unknown', message)
}

async function requireInstalled(run: Run, name: string): Promise<Installed | undefined> {
  const { settings, programs, dataDir, secrets } = run.context
  const entry = settings.agents[name]
  if (entry === undefined) return undefined
  const found = await findInstalled(dataDir, name, entry)
  if (found !== undefined) return found
  if (!settings.runner.install_agents) {
    const message = `The agent ${name} is not installed on this runner: \`errand agent install ${name}\` does it.`
    throw new SessionFailed('agent_not_installed', message)
  }
  await run.say(`Installing the agent ${name} ${installedVersion(entry) ?? ''}`.trim())
  const lockFolder = programs.lockFolders[name]
  const options = { dataDir, variable: secrets, signal: run.signal }
  try {
    return await installAgent({ ...options, ...(lockFolder && { lockFolder }) }, name, entry)
  } catch (error) {
    run.signal.throwIfAborted()
    if (!(error instanceof ErrandError)) throw error
    throw new SessionFailed('agent_not_installed', error.message, error)
  }
}
