import { CustomAgentFields, type McpServer } from '@errand/contract'
import { parseFrontMatter } from './front-matter.ts'
import { parseTools, type AgentTools } from './agent-tools.ts'

/** A custom agent as its file says it (behaviour.md 3.4). */
export interface CustomAgent {
  /** For people; absent: the file's name. */
  name?: string
  description?: string
  /** The text below the front matter. */
  instructions: string
  /** Absent: all there are. */
  tools?: AgentTools
  model?: string
  /** MCP servers of its own, in YAML's form of GitHub's JSON shape. */
  mcpServers: Record<string, McpServer>
  metadata: Record<string, string>
}

/** Characters below the front matter (behaviour.md 3.4). */
export const longestInstructions = 30_000

/**
 * Reads the file of a custom agent. Whoever may push writes it: nothing in it is believed. Keys that are not
 * known are let be. What says when a model may call on it (`disable-model-invocation`, `infer`) has no effect:
 * an agent of Errand works for users alone.
 *
 * @returns the agent, or why no task can be given to it, in words that follow its name
 */
export function parseCustomAgent(file: string): { agent: CustomAgent } | { problem: string } {
  const read = parseFrontMatter(file)
  if ('problem' in read) return read
  const parsed = CustomAgentFields.safeParse(read.fields)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { problem: `its front matter is not valid: ${issue?.path.join('.')}: ${issue?.message}` }
  }
  const { name, description, target, tools, model, ...rest } = parsed.data
  if (target != null && target.trim().toLowerCase() === 'vscode') {
    return { problem: 'it is for VS Code only (target: vscode)' }
  }
  if (rest['user-invocable'] === false) {
    return { problem: 'it is not for users (user-invocable: false)' }
  }
  if (read.body.length > longestInstructions) {
    const length = read.body.length
    return {
      problem: `its text has ${length} characters; at most ${longestInstructions} are allowed`,
    }
  }
  const allowed = tools == null ? undefined : parseTools(tools)
  return {
    agent: {
      ...(name != null && { name }),
      ...(description != null && { description }),
      instructions: read.body,
      ...(allowed !== undefined && { tools: allowed }),
      ...(model != null && model.trim() !== '' && { model: model.trim() }),
      mcpServers: rest['mcp-servers'] ?? {},
      metadata: rest.metadata ?? {},
    },
  }
}
