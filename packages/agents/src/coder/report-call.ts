import type { ToolCallContent } from '@agentclientprotocol/sdk'
import { resolve } from 'node:path'
import type { Client } from './client.ts'
import type { Tool, ToolResult } from './tools/tool.ts'
import type { Turn } from './turn.ts'

/** A larger diff is left to the pull request. */
const diffLimit = 50_000

/** Tells the client that a tool is being used. */
export async function reportStart(
  { client, workspace }: Turn,
  toolCallId: string,
  tool: Tool,
  input: unknown,
): Promise<void> {
  const touched = tool.path?.(input)
  await client.update({
    sessionUpdate: 'tool_call',
    toolCallId,
    title: oneLine(tool.title(input)),
    kind: tool.kind,
    status: 'in_progress',
    // The texts of edits are shown as a diff when they are made.
    rawInput: tool.kind === 'edit' ? { path: touched } : (tool.shown?.(input) ?? input),
    ...(touched === undefined ? {} : { locations: [{ path: resolve(workspace, touched) }] }),
  })
}

/** Tells the client what came of it. */
export async function reportEnd(
  client: Client,
  toolCallId: string,
  { text, diff }: ToolResult,
  status: 'completed' | 'failed',
): Promise<void> {
  const isShown = diff && (diff.oldText ?? '').length + diff.newText.length < diffLimit
  const content: ToolCallContent = isShown
    ? { type: 'diff', ...diff }
    : { type: 'content', content: { type: 'text', text } }
  await client.update({
    sessionUpdate: 'tool_call_update',
    toolCallId,
    status,
    content: [content],
  })
}

function oneLine(title: string): string {
  const line = title.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
