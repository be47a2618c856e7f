import type { Settings } from '@errand/contract'
import type { AgentPlace } from '../commands/agent.ts'
import { loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { withKnownAgents } from './known-agents.ts'

/** The settings of this machine's server or worker, with all the agents it knows. */
export function agentSettings({ environment, cwd }: Terminal, place: AgentPlace): Settings {
  const { data, config } = place
  const flags = data === undefined ? {} : { data: { flag: '--data', value: data } }
  const where = { cwd, ...(config !== undefined && { config }) }
  return withKnownAgents(loadSettings(flags, environment, where).settings)
}
