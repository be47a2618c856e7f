import { isFields } from '../fields.ts'
import { claudeNameOf } from './claude-names.ts'
import { isSnakeCased } from './hook-events.ts'

/** What a hook is told, beside what every hook is told. */
export type HookDetails = Readonly<Record<string, unknown>>

/** The payload of a hook in the form its event is named in (behaviour.md 3.6). */
export function composePayload(
  eventName: string,
  session: { id: string; cwd: string; now: Date },
  details: HookDetails,
): Record<string, unknown> {
  const { id, cwd, now } = session
  if (!isSnakeCased(eventName)) {
    return { sessionId: id, timestamp: now.getTime(), cwd, ...details }
  }
  const common = {
    hook_event_name: eventName,
    session_id: id,
    timestamp: now.toISOString(),
    cwd,
  }
  const told = snakeCased(details)
  // Only here are tools called as Claude Code calls them.
  if (eventName !== 'PreToolUse') return { ...common, ...told }
  return { ...common, ...told, tool_name: claudeNameOf(String(told['tool_name'])) }
}

/** What editors call otherwise than by underscores. */
const renamed: Readonly<Record<string, string>> = {
  toolArgs: 'tool_input',
  response: 'last_assistant_message',
}
/** Told as they came: their keys are others' own. */
const kept = new Set(['toolArgs', 'error'])

function snakeCased(details: HookDetails): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      renamed[key] ?? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      isFields(value) && !kept.has(key) ? snakeCased(value) : value,
    ]),
  )
}
