import type { PlanEntry, ToolKind } from '@agentclientprotocol/sdk'
import type { z } from 'zod'

/** What a tool works with. */
export interface ToolContext {
  workspace: string
  /** The environment of commands. */
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
  /** Characters a result may have, so that a few of them fit into the model's window. */
  outputLimit: number
  /** Asks the user, and waits for as long as the answer takes. */
  ask: (question: string) => Promise<string>
  showPlan: (entries: PlanEntry[]) => Promise<void>
}

export interface ToolResult {
  /** What the model reads. */
  text: string
  /** What the user sees in its place. `oldText` is absent for a file that is new. */
  diff?: { path: string; oldText?: string; newText: string }
  /** Ends the turn with this report. */
  report?: { title: string; body: string }
}

/** Something the model did wrong, or can do otherwise: it is told, and goes on. */
export class ToolError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ToolError'
  }
}

export interface Tool<Input = unknown> {
  name: string
  /** What the model is told of it. */
  description: string
  input: z.ZodType<Input>
  kind: ToolKind
  /** Whether the user is told of its use in another way than as a use of a tool. */
  isQuiet?: boolean
  /** One line for the user. */
  title(input: Input): string
  /** The file or folder it is about, as the model named it. */
  path?(input: Input): string
  /** @throws ToolError what the model is told; anything else is told too, but is not meant to happen */
  run(context: ToolContext, input: Input): Promise<ToolResult>
}
