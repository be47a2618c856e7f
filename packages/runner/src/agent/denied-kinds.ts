import { type AgentTools, type ToolKind, toolKinds } from '@errand/core'

/** The kinds of tools in ACP that are behind each of GitHub's. */
const kindsOf = {
  execute: ['execute'],
  read: ['read'],
  edit: ['edit', 'delete', 'move'],
  search: ['search'],
  web: ['fetch'],
  // ACP has no kind for those that begin another agent.
  agent: [],
} as const satisfies Record<ToolKind, readonly string[]>

/** The kinds of tools that a custom agent's list leaves out. */
export function deniedKinds(tools: AgentTools | undefined): string[] {
  if (tools === undefined) return []
  return toolKinds.filter((kind) => !tools.kinds.includes(kind)).flatMap((kind) => kindsOf[kind])
}
