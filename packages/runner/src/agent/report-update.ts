import { z } from 'zod'

import { printable, truncateMiddle } from '../printable.ts'
import type { Recorder } from '../run/recorder.ts'

/** What an agent has done so far, as the pull request tells it. */
export interface WorkLog {
  /** The commands it ran, oldest first. */
  commands: string[]
  /** What it said since it last used a tool: its own summary, if it gives no other. */
  lastMessage: string
}

/** Characters of a tool's output kept in an event. */
const outputLimit = 8192
/** Characters of what the agent said last; the beginning is cut. */
const messageLimit = 65_536
const mostCommands = 50

const text = z.string()
const Block = z.object({ type: z.literal('text'), text })
const ToolContent = z.union([
  z.object({ type: z.literal('content'), content: Block }).transform(({ content }) => content.text),
  z.object({ type: z.literal('diff'), path: text }).transform(({ path }) => `Changed ${path}`),
])
const Tool = z.object({
  toolCallId: text.max(200),
  title: text.nullish(),
  kind: text.max(50).nullish(),
  status: text.nullish(),
  content: z.array(z.unknown()).nullish(),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
})
const Update = z.discriminatedUnion('sessionUpdate', [
  z.object({ sessionUpdate: z.literal('agent_message_chunk'), content: Block }),
  z.object({ sessionUpdate: z.literal('agent_thought_chunk'), content: Block }),
  Tool.extend({ sessionUpdate: z.literal('tool_call') }),
  Tool.extend({ sessionUpdate: z.literal('tool_call_update') }),
  z.object({
    sessionUpdate: z.literal('plan'),
    entries: z.array(z.object({ content: text, status: text })),
  }),
])
type ToolUpdate = z.infer<typeof Tool>

/**
 * Turns one `session/update` of an agent into events. What does not fit, or is of a kind that says
 * nothing to a reader, is left out: an agent cannot make this throw.
 */
export function reportUpdate(recorder: Recorder, log: WorkLog, update: unknown): void {
  const parsed = Update.safeParse(update)
  if (!parsed.success) return
  switch (parsed.data.sessionUpdate) {
    case 'agent_message_chunk': {
      const { text } = parsed.data.content
      log.lastMessage = (log.lastMessage + text).slice(-messageLimit)
      recorder.reportText('assistant.message', text)
      return
    }
    case 'agent_thought_chunk':
      recorder.reportText('assistant.thought', parsed.data.content.text)
      return
    case 'tool_call':
      log.lastMessage = ''
      startTool(recorder, log, parsed.data)
      return
    case 'tool_call_update':
      updateTool(recorder, parsed.data)
      return
    case 'plan': {
      const { entries } = parsed.data
      recorder.report({ type: 'assistant.plan', data: { entries } })
    }
  }
}

function startTool(recorder: Recorder, log: WorkLog, tool: ToolUpdate): void {
  const title = printable(tool.title ?? 'Tool').slice(0, 500)
  if (tool.kind === 'execute' && log.commands.length < mostCommands) {
    log.commands.push(printable(commandOf(tool.rawInput) ?? title))
  }
  recorder.report({
    type: 'tool.execution_start',
    data: {
      tool_call_id: tool.toolCallId,
      title,
      ...(tool.kind == null ? {} : { kind: tool.kind }),
      ...(tool.rawInput == null ? {} : { input: tool.rawInput }),
    },
  })
  if (tool.content != null || tool.status === 'completed' || tool.status === 'failed') {
    updateTool(recorder, tool)
  }
}

function updateTool(recorder: Recorder, tool: ToolUpdate): void {
  const { toolCallId: tool_call_id, status } = tool
  const output = outputOf(tool)
  if (status === 'completed' || status === 'failed') {
    recorder.report({
      type: 'tool.execution_complete',
      data: { tool_call_id, status, ...(output === undefined ? {} : { output }) },
    })
  } else if (output !== undefined) {
    recorder.report({ type: 'tool.execution_update', data: { tool_call_id, output } })
  }
}

function outputOf({ content, rawOutput }: ToolUpdate): string | undefined {
  const parts = (content ?? []).flatMap((item) => {
    const parsed = ToolContent.safeParse(item)
    return parsed.success ? [parsed.data] : []
  })
  if (parts.length > 0) return truncateMiddle(printable(parts.join('\n')), outputLimit)
  if (typeof rawOutput === 'string') return truncateMiddle(printable(rawOutput), outputLimit)
  return undefined
}

const CommandInput = z.union([
  z.object({ command: z.string() }).transform(({ command }) => command),
  z.object({ command: z.array(z.string()) }).transform(({ command }) => command.join(' ')),
  z.object({ script: z.string() }).transform(({ script }) => script),
])

/** Agents name what they run as they like; these are the names met so far. */
function commandOf(input: unknown): string | undefined {
  const parsed = CommandInput.safeParse(input)
  return parsed.success ? parsed.data.trim() : undefined
}
