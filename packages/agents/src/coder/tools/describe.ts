import { tool as describeTool, type ToolSet } from 'ai'
import type { Tool } from './tool.ts'

/** The tools as a model is told of them. They are run by the turn, so nothing here can. */
export function describeTools(tools: Tool[]): ToolSet {
  return Object.fromEntries(
    tools.map(({ name, description, input }) => [
      name,
      describeTool({ description, inputSchema: input }),
    ]),
  )
}
