import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An agent that comes with Errand: a program that speaks ACP on its standard streams. */
export interface BuiltinAgent {
  /** The program's file, to be run by node. */
  entry: string
  /** How it asks the user: by ACP elicitation, or by the MCP tool `ask`. */
  asks: 'elicitation' | 'mcp'
}

// From source this is a `.ts` file, in what is published a `.js` one; so are the programs beside it.
const here = fileURLToPath(import.meta.url)
const extension = here.endsWith('.ts') ? 'ts' : 'js'
const program = (name: string) => join(dirname(here), name, `main.${extension}`)

export const builtinAgents: Record<'coder' | 'script', BuiltinAgent> = {
  coder: { entry: program('coder'), asks: 'elicitation' },
  script: { entry: program('script'), asks: 'elicitation' },
}

/** The MCP server by which agents without elicitation ask the user. */
export const askServerEntry = program('ask')

/** What node needs to be told to run the programs from source. */
export const nodeArguments: string[] = extension === 'ts' ? ['--conditions=errand-source'] : []

/** Folders a box must hold, read-only and at the same path, for the programs to run. */
export function readOnlyPaths(): string[] {
  const own = dirname(dirname(here))
  return [...new Set([own, ...modulesFolders()])]
}

/** Where this package's dependencies lie: beside it, or above it in a workspace. */
function modulesFolders(): string[] {
  const require = createRequire(here)
  const folders = ['@agentclientprotocol/sdk', 'ai'].map((name) => {
    const parts = require.resolve(name).split('/node_modules/')
    return `${parts.slice(0, -1).join('/node_modules/')}/node_modules`
  })
  return [...new Set(folders)]
}
