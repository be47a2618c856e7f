import { type ShownTool, showTools } from '../show-tools.ts'
import { listedTools } from './listed-tools.ts'

/** Arguments by which a tool writes into a file: one of a box that the agent does not see. */
const fileArguments: readonly string[] = ['filename']

/** The tools as the agent is shown them. */
export const playwrightTools: readonly ShownTool[] = showTools(listedTools, undefined).tools.map(
  ({ inputSchema, ...tool }) => {
    const { properties } = inputSchema
    if (typeof properties !== 'object' || properties === null) return { ...tool, inputSchema }
    const kept = Object.entries(properties).filter(([name]) => !fileArguments.includes(name))
    return { ...tool, inputSchema: { ...inputSchema, properties: Object.fromEntries(kept) } }
  },
)
