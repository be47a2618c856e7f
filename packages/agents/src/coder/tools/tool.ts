import type { ToolKind } from '@agentclientprotocol/sdk'
import type { z } from 'zod'
import type { CommandRun, PlanStep } from '../record/record.ts'

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
  /**
   * Takes a new plan in, and shows it.
   *
   * @throws ToolError for one that cannot be true
   */
  takePlan: (steps: PlanStep[]) => Promise<void>
  /** Has a question about the repository looked into, in a conversation of its own. */
  explore: (question: string) => Promise<string>
}

export interface ToolResult {
  /** What the model reads. */
  text: string
  /** What the user sees in its place. `oldText` is absent for a file that is new. */
  diff?: { path: string; oldText?: string; newText: string }
  /** What was run, for the record. */
  ran?: Pick<CommandRun, 'command' | 'exit_code' | 'ended_by'>
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

/** What the model is told of a use that failed, foreseen or not. */
export function explainFailure({ name }: Pick<Tool, 'name'>, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error)
  return error instanceof ToolError ? words : `${name} failed: ${words}`
}

export interface Tool<Input = unknown> {
  name: string
  /** What the model is told of it. */
  description: string
  input: z.ZodType<Input>
  /** What the model is told of the input in its place: JSON Schema of somebody else's. */
  inputSchema?: object
  kind: ToolKind
  /** Whether it changes nothing, so that several can be used at once. */
  isReadOnly?: boolean
  /** Whether the user is told of its use in another way than as a use of a tool. */
  isQuiet?: boolean
  /** One line for the user. */
  title(input: Input): string
  /** What the user is shown of the input. Default: all of it. */
  shown?(input: Input): object
  /** The file or folder it is about, as the model named it. */
  path?(input: Input): string
  /** @throws ToolError what the model is told; anything else is told too, but is not meant to happen */
  run(context: ToolContext, input: Input): Promise<ToolResult>
}
