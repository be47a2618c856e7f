import { askUserTool } from './ask-user.ts'
import { bashTool } from './bash.ts'
import { editFileTool } from './edit-file.ts'
import { exploreTool } from './explore.ts'
import { finishTool } from './finish.ts'
import { listFilesTool } from './list-files.ts'
import { readFileTool } from './read-file.ts'
import { runTestsTool } from './run-tests.ts'
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
    exploreTool,
    editFileTool,
    writeFileTool,
    bashTool,
    runTestsTool,
    updatePlanTool,
    ...(canAsk ? [askUserTool] : []),
    finishTool,
  ]
}
