import { tool as describeTool, type ToolSet } from 'ai'
import { askUserTool } from './ask-user.ts'
import { bashTool } from './bash.ts'
import { editFileTool } from './edit-file.ts'
import { finishTool } from './finish.ts'
import { listFilesTool } from './list-files.ts'
import { readFileTool } from './read-file.ts'
import { searchTool } from './search.ts'
import type { Tool } from './tool.ts'
import { updatePlanTool } from './update-plan.ts'
import { writeFileTool } from './write-file.ts'

/** The tools of a session. Who cannot be asked is not offered for asking. */
export function toolsFor(canAsk: boolean): Tool[] {
  return [
    readFileTool,
    listFilesTool,
    searchTool,
    editFileTool,
    writeFileTool,
    bashTool,
    updatePlanTool,
    ...(canAsk ? [askUserTool] : []),
    finishTool,
  ]
}

/** The tools as a model is told of them. They are run by the turn, so nothing here can. */
export function describeTools(tools: Tool[]): ToolSet {
  return Object.fromEntries(
    tools.map(({ name, description, input }) => [
      name,
      describeTool({ description, inputSchema: input }),
    ]),
  )
}
