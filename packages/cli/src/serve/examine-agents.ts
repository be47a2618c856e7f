import type { Settings } from '@errand/contract'
import type { ProbeCheck } from '@errand/runner'
import { knownAgents } from '../agents/list-agents.ts'
import { withKnownAgents } from '../agents/known-agents.ts'

/** Which agents are there, and whether those the models need are, or can be installed when they are needed. */
export async function examineAgents(settings: Settings): Promise<ProbeCheck> {
  const agents = await knownAgents(withKnownAgents(settings))
  const there = agents.filter(({ installed }) => installed)
  const detail = there
    .map(({ name, version }) => [name, version].filter(Boolean).join(' '))
    .join(', ')
  const needed = new Set(settings.models.map(({ agent }) => agent))
  const missing = agents.filter(({ name, installed }) => !installed && needed.has(name))
  const names = missing.map(({ name }) => name)
  if (names.length === 0) return { name: 'agents', ok: true, detail }
  if (settings.runner.install_agents) {
    return { name: 'agents', ok: true, detail: `${detail}; ${names.join(', ')} at the first task` }
  }
  return {
    name: 'agents',
    ok: false,
    detail: `${names.join(', ')} not installed, and models need it`,
    remedy: `Run \`errand agent install ${names.join(' ')}\`.`,
  }
}
