import { z } from 'zod'

import { eventOf, type HookEvent } from './hook-events.ts'
import { type Matcher, readMatcher } from './matcher.ts'

interface HookBase {
  /** `.github/hooks/guard.json preToolUse[0]` */
  place: string
  event: HookEvent
  /** As the file has it. */
  eventName: string
  matches: Matcher
  timeoutMs: number
}

export interface CommandHook extends HookBase {
  type: 'command'
  /** For bash. */
  command: string
  /** Relative to the workspace, or absolute. */
  cwd: string
  env: Readonly<Record<string, string>>
}

export interface HttpHook extends HookBase {
  type: 'http'
  url: string
  headers: Readonly<Record<string, string>>
  /** Variables that the headers may name. */
  allowedEnvVars: readonly string[]
}

export type Hook = CommandHook | HttpHook

/** What a file says, and what of it is not followed, in sentences. */
export interface ParsedHooks {
  hooks: Hook[]
  problems: string[]
}

const defaultTimeoutSeconds = 30
const longestTimeoutSeconds = 600
const mostHooks = 100

const seconds = z.number().positive().max(longestTimeoutSeconds)
const text = z.string().min(1).max(20_000)
const limits = { timeoutSec: seconds.optional(), timeout: seconds.optional() }
interface Timeouts {
  timeoutSec?: number | undefined
  timeout?: number | undefined
}
const variable = z.string().regex(/^[A-Za-z_]\w{0,255}$/)

const Command = z
  .object({
    type: z.literal('command').default('command'),
    bash: text.optional(),
    command: text.optional(),
    cwd: z.string().max(1000).default('.'),
    env: z.record(variable, z.string().max(20_000)).default({}),
    ...limits,
  })
  .refine(({ bash, command }) => (bash ?? command) !== undefined, 'needs `bash` or `command`')
const Http = z.object({
  type: z.literal('http'),
  url: z.url({ protocol: /^https$/, error: 'must be an https URL' }),
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string().max(20_000)).default({}),
  allowedEnvVars: z.array(variable).max(100).default([]),
  ...limits,
})
const File = z.object({
  version: z.literal(1, { error: 'must be 1' }),
  disableAllHooks: z.boolean().default(false),
  hooks: z.record(z.string(), z.array(z.unknown(), { error: 'must be a list' })),
})

/**
 * Reads one file of `.github/hooks`. A file that is no JSON, of another version or of another shape is not
 * followed at all; of one that is, a bad item is dropped alone (behaviour.md 3.6).
 */
export function parseHooks(path: string, json: string): ParsedHooks {
  const file = File.safeParse(readJson(json))
  if (!file.success) {
    const [issue] = file.error.issues
    const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
    return { hooks: [], problems: [`${path} is not followed: ${where}${issue?.message}`] }
  }
  const parsed: ParsedHooks = { hooks: [], problems: [] }
  if (file.data.disableAllHooks) return parsed
  for (const [eventName, items] of Object.entries(file.data.hooks)) {
    const event = eventOf(eventName)
    if (event === 'silent') continue
    if (event === undefined) {
      parsed.problems.push(`${path}: no hook ever runs for ${eventName}`)
      continue
    }
    for (const [at, item] of items.slice(0, mostHooks).entries()) {
      const place = `${path} ${eventName}[${at}]`
      const hook = parseItem(item, { place, event, eventName })
      if (typeof hook === 'string') parsed.problems.push(`${place} is left out: ${hook}`)
      else parsed.hooks.push(hook)
    }
  }
  return parsed
}

const Common = z.object({ type: z.unknown().optional(), matcher: z.string().max(1000).optional() })

function parseItem(item: unknown, place: Omit<HookBase, 'timeoutMs' | 'matches'>): Hook | string {
  const common = Common.safeParse(item)
  if (!common.success) return explain(common.error)
  const { type = 'command', matcher } = common.data
  const matches = readMatcher(matcher, place.event, place.eventName)
  if (matches === undefined) return 'matcher: is no expression that RE2 knows'
  const base = { ...place, matches }
  if (type === 'http') {
    const parsed = Http.safeParse(item)
    if (!parsed.success) return explain(parsed.error)
    const { url, headers, allowedEnvVars } = parsed.data
    return { ...base, type, url, headers, allowedEnvVars, timeoutMs: timeoutOf(parsed.data) }
  }
  if (type !== 'command') return `its type ${JSON.stringify(type)} is not one that runs here`
  const parsed = Command.safeParse(item)
  if (!parsed.success) return explain(parsed.error)
  const { bash, command = '', cwd, env } = parsed.data
  return { ...base, type, command: bash ?? command, cwd, env, timeoutMs: timeoutOf(parsed.data) }
}

function timeoutOf({ timeoutSec, timeout }: Timeouts): number {
  return (timeoutSec ?? timeout ?? defaultTimeoutSeconds) * 1000
}

function explain({ issues: [issue] }: z.ZodError): string {
  const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
  return `${where}${issue?.message}`
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
