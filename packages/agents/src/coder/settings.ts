import { z } from 'zod'
import { failure } from '../acp/failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

const tokens = z.coerce.number().int()

/**
 * Below this the instructions and the tools alone fill the window: they take some 3,000 tokens, and
 * an answer and a file have to fit beside them.
 */
const smallestWindow = 8000

const Variables = z.object({
  /** Where the model is served, with the version: `http://127.0.0.1:4000/anthropic/v1`. */
  ERRAND_MODEL_URL: z.url({ protocol: /^https?$/ }),
  ERRAND_MODEL_API: z.enum(['messages', 'responses', 'chat_completions', 'generate_content']),
  ERRAND_MODEL: z.string().min(1),
  /** Tokens the model takes, question and answer together. */
  ERRAND_CONTEXT_WINDOW: tokens.min(smallestWindow),
  /** Tokens of one answer. Half of the window is the most that is asked for. */
  ERRAND_MAX_OUTPUT_TOKENS: tokens.min(256),
  /** Calls of the model in one turn. */
  ERRAND_STEP_LIMIT: tokens.min(1).default(250),
  /** Tokens in and out over all calls of one turn, those of a cache included. */
  ERRAND_TOKEN_LIMIT: tokens.min(1).default(30_000_000),
  /** What its tools may be for, by `needs` of tools/all.ts, with commas between. Absent: all. */
  ERRAND_TOOLS: z
    .string()
    .transform((list) => list.split(','))
    .optional(),
  /** Set: it asks before it uses a tool. */
  ERRAND_ASK_PERMISSION: z.string().optional(),
  /** The events that it tells of before it goes on, with commas between. */
  ERRAND_HOOKS: z
    .string()
    .default('')
    .transform((list) => list.split(',')),
})

/** What the coder works with: a model, and how much of it. */
export interface CoderSettings {
  modelUrl: string
  modelApi: 'messages' | 'responses' | 'chat_completions' | 'generate_content'
  model: string
  contextWindow: number
  maxOutputTokens: number
  stepLimit: number
  tokenLimit: number
  /** What its tools may be for; undefined: anything. */
  allowed: readonly string[] | undefined
  /** Whether it asks before it uses a tool. */
  asksPermission: boolean
  /** What hooks are to hear of. */
  hookEvents: readonly string[]
}

/** @throws failure that names the variable */
export function readSettings(env: Environment): CoderSettings {
  const { data, error } = Variables.safeParse(env)
  if (data === undefined) {
    const { path, message } = error.issues[0] ?? { path: [], message: 'not readable' }
    throw failure('agent', `The coder cannot start: ${path.join('.')}: ${message}.`, error)
  }
  const contextWindow = data.ERRAND_CONTEXT_WINDOW
  return {
    modelUrl: data.ERRAND_MODEL_URL,
    modelApi: data.ERRAND_MODEL_API,
    model: data.ERRAND_MODEL,
    contextWindow,
    maxOutputTokens: Math.min(data.ERRAND_MAX_OUTPUT_TOKENS, Math.floor(contextWindow / 2)),
    stepLimit: data.ERRAND_STEP_LIMIT,
    tokenLimit: data.ERRAND_TOKEN_LIMIT,
    allowed: data.ERRAND_TOOLS,
    asksPermission: Boolean(data.ERRAND_ASK_PERMISSION),
    hookEvents: data.ERRAND_HOOKS,
  }
}
