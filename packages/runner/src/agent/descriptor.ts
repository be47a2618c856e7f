import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

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
  /** How it asks its user: by ACP's elicitation, or by the MCP tool it is then given. */
  asks: 'elicitation' | 'mcp'
  /** Takes prompts exactly as they were written: nothing of ours is put around them. */
  isVerbatim: boolean
}

const builtIn = ['coder', 'script'] as const

/**
 * The agent of a session, by its name in the settings or among those that come with Errand.
 *
 * @throws SessionFailed agent_unknown, agent_not_installed
 */
export function describeAgent(settings: Settings, name: string): AgentDescriptor {
  const configured = settings.agents[name]
  if (configured !== undefined) {
    const { command, args, env, read_only_paths: readOnlyPaths, asks } = configured
    const missing = readOnlyPaths.find((path) => !existsSync(path))
    if (missing !== undefined) {
      const message = `The agent ${name} is not installed: ${missing}, one of its read_only_paths, does not exist.`
      throw new SessionFailed('agent_not_installed', message)
    }
    return { name, command, args, env, readOnlyPaths, asks, isVerbatim: false }
  }
  const own = builtIn.find((known) => known === name)
  if (own !== undefined) return describeOwn(own)
  const known = [...builtIn, ...Object.keys(settings.agents)].join(', ')
  const message = `The agent ${name} is not configured on this runner; it knows ${known}.`
  throw new SessionFailed('agent_unknown', message)
}

function describeOwn(name: (typeof builtIn)[number]): AgentDescriptor {
  const programs = locateOwnPrograms()
  return {
    name,
    command: process.execPath,
    args: programs.argumentsFor(name),
    env: {},
    readOnlyPaths: programs.readOnlyPaths,
    asks: 'elicitation',
    // A script is its prompt.
    isVerbatim: name === 'script',
  }
}

/** The programs that come with Errand, as files of this machine. */
export interface OwnPrograms {
  /** What Node is given to run one. */
  argumentsFor(program: 'coder' | 'script' | 'ask'): string[]
  readOnlyPaths: string[]
}

/** @throws SessionFailed agent_not_installed when the package is not there */
export function locateOwnPrograms(): OwnPrograms {
  const entry = resolveAgents()
  const folder = dirname(entry)
  const extension = extname(entry)
  // Sources run as they are, under the condition they were found by; a published package is compiled.
  const conditions = extension === '.ts' ? ['--conditions=errand-source'] : []
  return {
    argumentsFor: (program) => [...conditions, join(folder, program, `main${extension}`)],
    readOnlyPaths: packagePathsOf(entry),
  }
}

function resolveAgents(): string {
  try {
    // Node's own way of finding a package; nothing of it is imported: it runs in boxes only.
    return realpathSync(createRequire(import.meta.url).resolve('@errand/agents'))
  } catch (error) {
    const message = 'The agents that come with Errand are not installed beside its runner.'
    throw new SessionFailed('agent_not_installed', message, error)
  }
}

/** The package itself, those of ours it imports, and every folder Node looks for its dependencies in. */
function packagePathsOf(entry: string): string[] {
  const require = createRequire(entry)
  const contract = realpathSync(require.resolve('@errand/contract'))
  const modules = (require.resolve.paths('zod') ?? []).filter(
    (path) => path.startsWith('/') && existsSync(path) && isAbove(path, entry),
  )
  return [...new Set([packageRoot(entry), packageRoot(contract), ...modules])]
}

/** Node also looks in folders of the user's home, where nothing of ours is. */
function isAbove(modulesPath: string, entry: string): boolean {
  return entry.startsWith(`${dirname(modulesPath)}/`)
}

function packageRoot(file: string): string {
  let folder = dirname(file)
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
