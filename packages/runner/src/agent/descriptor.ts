import { existsSync } from 'node:fs'

import type { Settings } from '@errand/contract'

import { SessionFailed } from '../failures.ts'

/** How an agent is started in a box, and how it behaves there. */
export interface AgentDescriptor {
  name: string
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** Files and folders of the host it needs, bound read-only at the same path. */
  readOnlyPaths: readonly string[]
  /** The program of the MCP tool by which it asks its user; without one it asks by ACP's elicitation. */
  askServer?: { command: string; args: readonly string[] }
  /** Takes prompts exactly as they were written: nothing of ours is put around them. */
  isVerbatim: boolean
}

/** The programs that come with Errand, as files of this machine; node runs them. */
export interface BuiltinPrograms {
  agents: Readonly<
    Record<string, { entry: string; asks: 'elicitation' | 'mcp'; isVerbatim: boolean }>
  >
  /** The MCP server by which agents without elicitation ask the user. */
  askServerEntry: string
  nodeArguments: readonly string[]
  /** Files and folders they need, bound read-only at the same path. */
  readOnlyPaths: readonly string[]
}

/**
 * The agent of a session, by its name in the settings or among those that come with Errand.
 *
 * @throws SessionFailed agent_unknown, agent_not_installed
 */
export function describeAgent(
  settings: Settings,
  programs: BuiltinPrograms,
  name: string,
): AgentDescriptor {
  const configured = settings.agents[name]
  if (configured !== undefined) {
    const { command, args, env, read_only_paths: paths, asks } = configured
    const missing = paths.find((path) => !existsSync(path))
    if (missing !== undefined) {
      const message = `The agent ${name} is not installed: ${missing}, one of its read_only_paths, does not exist.`
      throw new SessionFailed('agent_not_installed', message)
    }
    return {
      name,
      command,
      args,
      env,
      isVerbatim: false,
      ...askingBy(asks, paths, programs),
    }
  }
  const builtin = programs.agents[name]
  if (builtin !== undefined) {
    return {
      name,
      command: process.execPath,
      args: [...programs.nodeArguments, builtin.entry],
      env: {},
      isVerbatim: builtin.isVerbatim,
      ...askingBy(builtin.asks, programs.readOnlyPaths, programs),
    }
  }
  const known = [...Object.keys(programs.agents), ...Object.keys(settings.agents)].join(', ')
  const message = `The agent ${name} is not configured on this runner; it knows ${known}.`
  throw new SessionFailed('agent_unknown', message)
}

/** An agent that asks by our MCP tool has that program in its box as well. */
function askingBy(
  asks: 'elicitation' | 'mcp',
  ownPaths: readonly string[],
  { nodeArguments, askServerEntry, readOnlyPaths }: BuiltinPrograms,
): Pick<AgentDescriptor, 'readOnlyPaths' | 'askServer'> {
  if (asks === 'elicitation') return { readOnlyPaths: ownPaths }
  return {
    readOnlyPaths: [...new Set([...ownPaths, ...readOnlyPaths])],
    askServer: { command: process.execPath, args: [...nodeArguments, askServerEntry] },
  }
}
