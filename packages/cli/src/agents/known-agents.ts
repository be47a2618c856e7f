import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shippedAgents } from '@errand/agents'
import { type AgentEntry, AgentFile, type Settings } from '@errand/contract'
import { agentFolder } from '@errand/runner'
import { UserError } from '../errors.ts'

/** The file an agent that was added is kept in, below its folder. */
export const agentFileName = 'agent.json'

/**
 * The settings with the agents that are there without being named: those that come with Errand, and
 * those that `errand agent add` has added. One of the settings takes the place of one of the same name.
 */
export function withKnownAgents(settings: Settings): Settings {
  const shipped = Object.fromEntries(
    Object.entries(shippedAgents).map(([name, folder]) => [name, readEntry(folder)]),
  )
  const agents = { ...shipped, ...addedAgents(settings.data), ...settings.agents }
  return { ...settings, agents }
}

/** The agents that were added to a data folder. */
export function addedAgents(dataDir: string): Record<string, AgentEntry> {
  const names = readNames(join(agentFolder(dataDir, '.')))
  const found = names.flatMap((name) => {
    const entry = readAdded(agentFolder(dataDir, name))
    return entry === undefined ? [] : [[name, entry] as const]
  })
  return Object.fromEntries(found)
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function readAdded(folder: string): AgentEntry | undefined {
  try {
    return readEntry(folder)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function readEntry(folder: string): AgentEntry {
  const file = join(folder, agentFileName)
  const text = readFileSync(file, 'utf8')
  try {
    return AgentFile.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError(`${file} is not an agent's entry.`, {
      remedy: 'Remove it, and add the agent again with `errand agent add`.',
      cause,
    })
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
