import { z } from 'zod'
import { McpServers } from './mcp-configuration.ts'

const text = z.string().max(10_000)
const Texts = z.union([z.array(text).max(500), text.transform((list) => list.split(','))])
const flag = z.boolean().nullish()

/**
 * The front matter of a custom agent's file, as GitHub has it (behaviour.md 3.4). Keys that are not known are
 * let be, and so are those that editors alone go by.
 */
export const CustomAgentFields = z.object({
  name: text.nullish(),
  description: text.nullish(),
  target: text.nullish(),
  tools: Texts.nullish(),
  /** Of several, the first. */
  model: z.union([text, z.array(text).transform(([first]) => first)]).nullish(),
  'disable-model-invocation': flag,
  'user-invocable': flag,
  infer: flag,
  /** What their texts name with a dollar sign is not looked at here. */
  'mcp-servers': McpServers.nullish(),
  metadata: z.record(z.string(), z.coerce.string()).nullish(),
})
