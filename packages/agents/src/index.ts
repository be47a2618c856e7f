import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { recipeProgram } from '@errand/recipes'
import { rootNames } from './coder/project-notes.ts'

/** An agent that comes with Errand: a program that speaks ACP on its standard streams. */
export interface BuiltinAgent {
  /** The program's file, to be run by node. */
  entry: string
  /** How it asks the user: by ACP elicitation, or by the MCP tool `ask`. */
  asks: 'elicitation' | 'mcp'
  /** Whether it uses MCP servers that it is told of. */
  takesMcpServers: boolean
  /** Takes prompts exactly as they were written, with nothing put around them. */
  isVerbatim: boolean
  /** What of a repository's instructions it reads by itself. */
  readsInstructions: readonly (typeof rootNames)[number][]
}

/** The programs that come with Errand, as files of this machine. */
export interface BuiltinPrograms {
  /** By their names. */
  agents: Readonly<Record<'coder' | 'script', BuiltinAgent>>
  /** The folders with the lock files of `shippedAgents`. */
  lockFolders: Readonly<Record<string, string>>
  /** The MCP server by which agents without elicitation ask the user. */
  askServerEntry: string
  /** What makes an MCP server at an address one on standard streams. */
  mcpBridgeEntry: string
  /** What node needs to be told to run them. */
  nodeArguments: readonly string[]
  /** Folders a box must hold, read-only and at the same path, for them to run. */
  readOnlyPaths: readonly string[]
}

// From source this is a `.ts` file, in what is published a `.js` one; so are the programs beside it.
const here = fileURLToPath(import.meta.url)
const extension = here.endsWith('.ts') ? 'ts' : 'js'
const program = (name: string): string => join(dirname(here), name, `main.${extension}`)

const entriesFolder = join(dirname(dirname(here)), 'entries')

/**
 * The agents of others that Errand knows how to install and to start, by their names: the folder of each,
 * with its entry (`agent.json`) and the lock file it is installed from.
 */
export const shippedAgents: Readonly<Record<string, string>> = Object.fromEntries(
  ['codex', 'claude-code', 'gemini', 'opencode', 'copilot'].map((name) => [
    name,
    join(entriesFolder, name),
  ]),
)

export const builtinPrograms: BuiltinPrograms = {
  agents: {
    coder: {
      entry: program('coder'),
      asks: 'elicitation',
      takesMcpServers: true,
      isVerbatim: false,
      readsInstructions: rootNames,
    },
    // A script is its prompt.
    script: {
      entry: program('script'),
      asks: 'elicitation',
      takesMcpServers: false,
      isVerbatim: true,
      readsInstructions: [],
    },
  },
  lockFolders: shippedAgents,
  askServerEntry: program('ask'),
  mcpBridgeEntry: program('mcp-bridge'),
  nodeArguments: extension === 'ts' ? ['--conditions=errand-source'] : [],
  readOnlyPaths: [
    ...new Set([dirname(dirname(here)), ...modulesFolders(), ...recipeProgram.readOnlyPaths]),
  ],
}

/** Where this package's dependencies lie: beside it, or above it in a workspace. */
function modulesFolders(): string[] {
  const require = createRequire(here)
  return ['@agentclientprotocol/sdk', 'ai'].map((name) => {
    const parts = require.resolve(name).split('/node_modules/')
    return `${parts.slice(0, -1).join('/node_modules/')}/node_modules`
  })
}
