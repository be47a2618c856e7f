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

/**
 * What the use of a tool comes to, by GitHub's names; its kind says the same in ACP's. What is not here only
 * tells or asks, and is always there.
 */
const needs: Readonly<Record<string, string>> = {
  [readFileTool.name]: 'read',
  [listFilesTool.name]: 'read',
  [searchTool.name]: 'search',
  [exploreTool.name]: 'agent',
  [editFileTool.name]: 'edit',
  [writeFileTool.name]: 'edit',
  [bashTool.name]: 'execute',
  [runTestsTool.name]: 'execute',
}

/** Those of some tools that may be used. */
export function allowedOf(tools: readonly Tool[], allowed: readonly string[] | undefined): Tool[] {
  return tools.filter(({ name }) => {
    const need = needs[name]
    return need === undefined || allowed === undefined || allowed.includes(need)
  })
}

/**
 * The tools of a session. Who cannot be asked is not offered for asking.
 *
 * @param allowed what they may be for; undefined: anything
 */
export function toolsFor(canAsk: boolean, allowed: readonly string[] | undefined): Tool[] {
  const all = [
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
  return allowedOf(all, allowed)
}
