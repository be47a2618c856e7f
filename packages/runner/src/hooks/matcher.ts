import { RE2JS } from 're2js'

import { claudeNameOf } from './claude-names.ts'
import type { HookEvent } from './hook-events.ts'
import type { HookDetails } from './payload.ts'

/** Whether a hook is to hear of what happens. */
export type Matcher = (details: HookDetails) => boolean

/** What is matched, by GitHub's reference of hooks; other events have no matcher. */
const subjects: Partial<Record<HookEvent, string>> = {
  preToolUse: 'toolName',
  postToolUse: 'toolName',
  subagentStart: 'agentName',
  preCompact: 'trigger',
}

/**
 * Reads the `matcher` of a hook. The name of a tool is what an agent says it is, and the pattern is a repository's: so
 * it is matched in linear time, by RE2, which has no backreferences and does not look around.
 *
 * @returns undefined for a pattern that is none
 */
export function readMatcher(
  pattern: string | undefined,
  event: HookEvent,
  eventName: string,
): Matcher | undefined {
  const subject = subjects[event]
  if (pattern === undefined || subject === undefined) return () => true
  const valueOf = (details: HookDetails): string => String(details[subject])
  if (eventName === 'PreToolUse') {
    const matches = readClaudePattern(pattern)
    return matches && ((details) => matches(valueOf(details)))
  }
  const whole = compile(pattern)
  return whole && ((details) => whole.matches(valueOf(details)))
}

/** As Claude Code has it, for who names the event as that does: names with `|` between, else an expression. */
function readClaudePattern(pattern: string): ((toolName: string) => boolean) | undefined {
  if (['', '*', '**'].includes(pattern)) return () => true
  if (/^\w+(\|\w+)*$/.test(pattern)) {
    const named = pattern.split('|').map((name) => (name === 'Task' ? 'Agent' : name))
    return (tool) => named.includes(tool) || named.includes(claudeNameOf(tool))
  }
  const whole = compile(pattern)
  return whole && ((tool) => whole.matches(claudeNameOf(tool)))
}

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}
