/** What a tool does, by GitHub's names; `web` beside them for what asks the internet. */
export const toolKinds = ['execute', 'read', 'edit', 'search', 'agent', 'web'] as const
export type ToolKind = (typeof toolKinds)[number]

/** What a custom agent may use. */
export interface AgentTools {
  kinds: readonly ToolKind[]
  /** Of MCP servers: `server/tool`, or `server/*` for all of one. */
  mcp: readonly string[]
}

/** The names by which other programs know the same (behaviour.md 3.4). */
const aliases: Readonly<Record<string, ToolKind>> = {
  execute: 'execute',
  shell: 'execute',
  bash: 'execute',
  powershell: 'execute',
  read: 'read',
  notebookread: 'read',
  edit: 'edit',
  multiedit: 'edit',
  write: 'edit',
  notebookedit: 'edit',
  search: 'search',
  grep: 'search',
  glob: 'search',
  agent: 'agent',
  'custom-agent': 'agent',
  task: 'agent',
  web: 'web',
  websearch: 'web',
  webfetch: 'web',
}

/** Undefined: all there are. What is not known is ignored, as it may be of another program. */
export function parseTools(names: readonly string[]): AgentTools | undefined {
  const given = names.map((name) => name.trim()).filter((name) => name !== '')
  if (given.includes('*')) return undefined
  const kinds = given.flatMap((name) => {
    const key = name.toLowerCase()
    return Object.hasOwn(aliases, key) ? [aliases[key] as ToolKind] : [] // it was asked for
  })
  return { kinds: [...new Set(kinds)], mcp: given.filter((name) => name.includes('/')) }
}
