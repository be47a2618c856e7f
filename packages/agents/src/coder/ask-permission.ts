import type { Tool } from './tools/tool.ts'
import type { Turn } from './turn.ts'

/** Why a tool may not be used, where that is asked at all. What only tells or asks the user is not asked about. */
export async function refusalOf(
  { client, settings, signal }: Turn,
  tool: Tool,
  toolCallId: string,
  input: unknown,
): Promise<string | undefined> {
  if (!settings.asksPermission || tool.isQuiet === true) return undefined
  const use = { toolCallId, title: tool.title(input), kind: tool.kind, rawInput: input }
  return await client.refusal(use, signal)
}
