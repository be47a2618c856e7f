import { builtinPrograms } from '@errand/agents'
import type { AgentEntry, Settings } from '@errand/contract'
import { findInstalled, installedVersion } from '@errand/runner'
import type { AgentPlace } from '../commands/agent.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { agentSettings } from './agent-settings.ts'

/** An agent, as a list shows it. */
export interface ListedAgent {
  name: string
  /** The version tasks get; absent for an agent that is not installed by Errand. */
  version?: string
  /** Whether it is there: always, for what comes with Errand or is installed by hand. */
  installed: boolean
  size_bytes?: number
  license?: string
  /** The APIs of models it speaks; absent if it says nothing of them. */
  apis?: string[]
  description?: string
}

export async function listAgents(
  terminal: Terminal,
  options: AgentPlace & { json?: boolean },
): Promise<void> {
  const agents = await knownAgents(agentSettings(terminal, options))
  if (options.json === true) return await printJson(terminal, agents)
  const rows = agents.map((agent) => present(terminal, agent))
  terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
}

/** Every agent a task can be worked on by, those that come with Errand first. */
export async function knownAgents(settings: Settings): Promise<ListedAgent[]> {
  const builtin = Object.keys(builtinPrograms.agents)
    .filter((name) => !(name in settings.agents))
    .map((name) => ({ name, installed: true, description: 'comes with Errand' }))
  const others = Object.entries(settings.agents).map(([name, entry]) =>
    describe(settings, name, entry),
  )
  return [...builtin, ...(await Promise.all(others))]
}

async function describe({ data }: Settings, name: string, entry: AgentEntry): Promise<ListedAgent> {
  const installed = await findInstalled(data, name, entry)
  const version = installedVersion(entry)
  return {
    name,
    ...(version !== undefined && { version }),
    installed: version === undefined || installed !== undefined,
    ...(installed !== undefined && { size_bytes: installed.sizeBytes }),
    ...(entry.license !== undefined && { license: entry.license }),
    ...(entry.apis !== undefined && { apis: Object.keys(entry.apis) }),
    ...(entry.description !== undefined && { description: entry.description }),
  }
}

const heading = ['AGENT', 'VERSION', 'STATE', 'APIS', 'DESCRIPTION']

function present({ paint }: Terminal, agent: ListedAgent): string[] {
  const size = agent.size_bytes === undefined ? '' : `, ${megabytes(agent.size_bytes)} MB`
  const state = agent.installed ? paint('green', `there${size}`) : paint('dim', 'not installed')
  return [
    printableLine(agent.name),
    printableLine(agent.version ?? ''),
    state,
    agent.apis?.join(', ') ?? 'any',
    printableLine(agent.description ?? ''),
  ]
}

export function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2)
}
