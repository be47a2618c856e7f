import { z } from 'zod'

/** What a hook has to say to what happens. */
export interface HookAnswer {
  /** Of `preToolUse`. */
  permission?: 'allow' | 'deny'
  /** Of `agentStop` and `subagentStop`: the agent is to go on. */
  isBlocking?: true
  reason?: string
  /** Of `userPromptTransformed`: what the agent is told in place of its prompt. */
  prompt?: string
  /** Of `subagentStart`: what its agent is told before its question. */
  context?: string
  /** Of `subagentStop`: what the agent that asked is told in place of the answer. */
  response?: string
}

const Output = z.object({
  permissionDecision: z.enum(['allow', 'deny', 'ask']).optional(),
  permissionDecisionReason: z.string().optional(),
  decision: z.string().optional(),
  reason: z.string().optional(),
  modifiedTransformedPrompt: z.string().optional(),
  additionalContext: z.string().nullish(),
  modifiedResponse: z.string().optional(),
})
/** Editors put what belongs to one event below this. */
const Wrapped = z.object({ hookSpecificOutput: Output })

const longestReason = 10_000
const longestContext = 10_000
/** Characters. A model could not read more. */
const longestPrompt = 1024 * 1024

/**
 * Reads what a hook printed or answered: lines that tell of its progress are left out, the rest is one JSON.
 * Undefined for what is none. Nobody is there to be asked: `ask` is a no.
 */
export function readHookOutput(output: string): HookAnswer | undefined {
  const rest = output
    .split('\n')
    .filter((line) => !isProgress(line))
    .join('\n')
    .trim()
  if (rest === '') return {}
  const value = readJson(rest)
  const parsed = Output.safeParse({
    ...Object(value),
    ...Wrapped.safeParse(value).data?.hookSpecificOutput,
  })
  if (typeof value !== 'object' || value === null || !parsed.success) return undefined
  const { permissionDecision, permissionDecisionReason, decision, reason } = parsed.data
  const { additionalContext: context, modifiedResponse: response } = parsed.data
  const prompt = parsed.data.modifiedTransformedPrompt ?? ''
  if (prompt.length > longestPrompt) return undefined
  const why = permissionDecisionReason ?? reason
  return {
    ...(permissionDecision === undefined
      ? {}
      : { permission: permissionDecision === 'allow' ? 'allow' : 'deny' }),
    ...(decision === 'block' && { isBlocking: true as const }),
    ...(why === undefined ? {} : { reason: why.slice(0, longestReason) }),
    ...(prompt.trim() === '' ? {} : { prompt }),
    ...(context == null ? {} : { context: context.slice(0, longestContext) }),
    ...(response === undefined ? {} : { response: response.slice(0, longestPrompt) }),
  }
}

function isProgress(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return false
  return z.object({ type: z.literal('progress') }).safeParse(readJson(line)).success
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
