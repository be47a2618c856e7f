import type { CallResult } from './connection.ts'
import type { ShownTool } from './show-tools.ts'

/** What stands behind one endpoint of the agent's: a server of somebody's, or one of ours. */
export interface ToolServer {
  tools: readonly ShownTool[]
  /**
   * Calls one of these tools.
   *
   * @throws Error in words for a user, beginning with what the server did
   */
  call(name: string, args: unknown, signal: AbortSignal): Promise<CallResult>
}
