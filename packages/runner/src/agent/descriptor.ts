import { existsSync } from 'node:fs'

import type { AgentEntry, InstructionSource, Settings } from '@errand/contract'

import { SessionFailed } from '../failures.ts'
import type { Template } from './fill-in.ts'

/** How an agent is started in a box, and how it behaves there. */
export interface AgentDescriptor {
  name: string
  command: string
  /** With placeholders, as all its templates. */
  args: readonly Template[]
  env: Readonly<Record<string, Template>>
  /** Files of its home, by their path below it. */
  settingsFiles: Readonly<Record<string, Template>>
  /** Files and folders of the host it needs, bound read-only at the same path. */
  readOnlyPaths: readonly string[]
  /** The program of the MCP tool by which it asks its user; without one it asks by ACP's elicitation. */
  askServer?: { command: string; args: readonly string[] }
  /** The program that is an MCP server on standard streams for one that the gateway leads to. */
  mcpBridge: { command: string; args: readonly string[] }
  /** The APIs of models it speaks, and what placeholders stand for with each. Absent: any. */
  apis?: AgentEntry['apis']
  authenticate?: { method_id: string; meta?: Readonly<Record<string, Template>> }
  mode?: string
  configOptions: Readonly<Record<string, string | boolean>>
  /** Whether it can take up a conversation again, if it says so. */
  loads: boolean
  /** Whether it starts the MCP servers it is told of. */
  takesMcpServers: boolean
  /** Takes prompts exactly as they were written: nothing of ours is put around them. */
  isVerbatim: boolean
  /** What of a repository's instructions it reads by itself: of these it is not told. */
  readsInstructions: readonly InstructionSource[]
  /** Whether it runs the hooks of a repository itself. */
  runsHooks: boolean
  /** What is different where it may be told no: it has to ask first. */
  restricted?: Partial<Pick<AgentDescriptor, 'args' | 'env' | 'settingsFiles' | 'mode'>>
}

/** The programs that come with Errand, as files of this machine; node runs them. */
export interface BuiltinPrograms {
  agents: Readonly<
    Record<
      string,
      {
        entry: string
        asks: 'elicitation' | 'mcp'
        takesMcpServers: boolean
        isVerbatim: boolean
        readsInstructions: readonly InstructionSource[]
      }
    >
  >
  /** The folders with the lock files of agents that are installed on demand, by their names. */
  lockFolders: Readonly<Record<string, string>>
  /** The MCP server by which agents without elicitation ask the user. */
  askServerEntry: string
  /** What makes an MCP server at an address one on standard streams. */
  mcpBridgeEntry: string
  nodeArguments: readonly string[]
  /** Files and folders they need, bound read-only at the same path. */
  readOnlyPaths: readonly string[]
}

/** An agent that is on this machine. */
export interface Installed {
  /** All of it is in there. */
  folder: string
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

/** An agent that comes with Errand; undefined for any other. */
export function describeBuiltin(
  programs: BuiltinPrograms,
  name: string,
): AgentDescriptor | undefined {
  const builtin = programs.agents[name]
  if (builtin === undefined) return undefined
  return {
    name,
    command: process.execPath,
    args: [...programs.nodeArguments, builtin.entry],
    env: {},
    settingsFiles: {},
    configOptions: {},
    loads: true,
    takesMcpServers: builtin.takesMcpServers,
    isVerbatim: builtin.isVerbatim,
    readsInstructions: builtin.readsInstructions,
    runsHooks: false,
    restricted: { env: { ERRAND_ASK_PERMISSION: '1' } },
    ...withPrograms(builtin.asks, programs.readOnlyPaths, programs),
  }
}

/**
 * An agent of the settings, with what is different where agents may be told no.
 *
 * @param installed where it has a distribution
 * @throws SessionFailed agent_not_installed
 */
export function describeEntry(
  name: string,
  entry: AgentEntry,
  installed: Installed | undefined,
  { programs, permissions }: { programs: BuiltinPrograms; permissions: Settings['permissions'] },
): AgentDescriptor {
  const { read_only_paths: paths, apis, authenticate } = entry
  const missing = paths.find((path) => !existsSync(path))
  if (missing !== undefined) {
    const message = `The agent ${name} is not installed: ${missing}, one of its read_only_paths, does not exist.`
    throw new SessionFailed('agent_not_installed', message)
  }
  const { restricted, mode } = entry
  const argsFor = (args: readonly Template[]) => (args.length > 0 ? args : (installed?.args ?? []))
  const own = installed === undefined ? paths : [...paths, installed.folder]
  const descriptor: AgentDescriptor = {
    name,
    // One of the two is there: the schema sees to it.
    command: installed?.command ?? entry.command ?? name,
    args: argsFor(entry.args),
    env: { ...installed?.env, ...entry.env },
    settingsFiles: entry.settings_files,
    configOptions: entry.config_options,
    loads: entry.loads,
    takesMcpServers: entry.takes_mcp_servers,
    isVerbatim: false,
    readsInstructions: entry.reads_instructions,
    runsHooks: entry.runs_hooks,
    ...(restricted === undefined
      ? {}
      : {
          restricted: {
            ...(restricted.args === undefined ? {} : { args: argsFor(restricted.args) }),
            ...(restricted.mode === undefined ? {} : { mode: restricted.mode }),
            env: restricted.env ?? {},
            settingsFiles: restricted.settings_files ?? {},
          },
        }),
    ...(apis === undefined ? {} : { apis }),
    ...(authenticate === undefined ? {} : { authenticate }),
    ...(mode === undefined ? {} : { mode }),
    ...withPrograms(entry.asks, own, programs),
  }
  return permissions.deny.length > 0 ? restrict(descriptor) : descriptor
}

/** The agent in the way in which it asks before it uses a tool, where it has one. */
export function restrict(descriptor: AgentDescriptor): AgentDescriptor {
  const { restricted, env, settingsFiles } = descriptor
  return {
    ...descriptor,
    ...restricted,
    env: { ...env, ...restricted?.env },
    settingsFiles: { ...settingsFiles, ...restricted?.settingsFiles },
  }
}

/** The programs of ours that an agent may be told to start, and so has in its box. */
function withPrograms(
  asks: 'elicitation' | 'mcp',
  ownPaths: readonly string[],
  { nodeArguments, askServerEntry, mcpBridgeEntry, readOnlyPaths }: BuiltinPrograms,
): Pick<AgentDescriptor, 'readOnlyPaths' | 'askServer' | 'mcpBridge'> {
  const program = (entry: string) => ({
    command: process.execPath,
    args: [...nodeArguments, entry],
  })
  return {
    readOnlyPaths: [...new Set([...ownPaths, ...readOnlyPaths])],
    mcpBridge: program(mcpBridgeEntry),
    ...(asks === 'mcp' ? { askServer: program(askServerEntry) } : {}),
  }
}
