import { jsonSchema, tool as describeTool, type ToolSet } from 'ai'
import { z } from 'zod'
import type { Tool } from './tool.ts'

/** The tools as a model is told of them. They are run by the turn, so nothing here can. */
export function describeTools(tools: Tool[]): ToolSet {
  return Object.fromEntries(
    tools.map(({ name, description, input, inputSchema }) => [
      name,
      describeTool({
        description,
        inputSchema: inputSchema === undefined ? input : jsonSchema(inputSchema),
      }),
    ]),
  )
}

/** What is told of a tool's input, as JSON Schema. */
export function schemaOf({ input, inputSchema }: Tool): object {
  return inputSchema ?? z.toJSONSchema(input)
}
