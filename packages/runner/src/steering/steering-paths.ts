/** Files that say to some agent how to work, wherever in the tree they are. */
const files = new Set([
  'agents.md',
  'agents.override.md',
  'claude.md',
  'claude.local.md',
  'gemini.md',
  '.mcp.json',
  '.cursorrules',
  '.clinerules',
  '.windsurfrules',
  'opencode.json',
  'opencode.jsonc',
])

/** Folders that agents take their settings, agents, skills, commands and hooks from, wherever they are. */
const folders = new Set([
  '.agent',
  '.agents',
  '.claude',
  '.claude-plugin',
  '.codex',
  '.copilot',
  '.cursor',
  '.gemini',
  '.opencode',
  '.qwen',
  '.windsurf',
])

/** Places at the root, and all below them. */
const places = [
  '.github/agents',
  '.github/chatmodes',
  '.github/copilot',
  '.github/copilot-instructions.md',
  '.github/hooks',
  '.github/instructions',
  '.github/lsp.json',
  '.github/mcp.json',
  '.github/plugin',
  '.github/prompts',
  '.github/skills',
  '.vscode/mcp.json',
  '.vscode/settings.json',
]

/** As folders they hold much else; as anything else, a link say, they lead what is in them elsewhere. */
const parents = new Set(['.github', '.vscode'])

/**
 * Whether a path of a repository's tree, of a file or a link, is one that some agent goes by. Upper and lower
 * case are the same: there are agents that do not tell them apart.
 */
export function steersAgents(path: string): boolean {
  const lower = path.toLowerCase()
  const segments = lower.split('/')
  return (
    files.has(segments.at(-1) ?? '') ||
    segments.some((segment) => folders.has(segment)) ||
    parents.has(lower) ||
    places.some((place) => lower === place || lower.startsWith(`${place}/`))
  )
}
