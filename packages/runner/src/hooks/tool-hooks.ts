import { z } from 'zod'

import type { PermissionRequest } from '../agent/answer-permission.ts'
import { truncateMiddle } from '../printable.ts'
import type { SessionHooks } from './session-hooks.ts'

/** The hooks around an agent's use of tools. */
export interface ToolHooks {
  /** Takes one `session/update`. Never throws. */
  note(update: unknown): void
  /** Why a tool may not be used; undefined where it may. */
  refusal(toolCall: PermissionRequest['toolCall']): Promise<string | undefined>
  /** Resolves when the hooks of all that was noted have run. */
  settled(): Promise<void>
}

/** Kept of a tool's result, in characters. */
const longestResult = 65_536
const mostCalls = 1000
/** Uses whose hooks are still to run; of further ones no hook is told. */
const mostWaiting = 200

const Update = z.object({
  sessionUpdate: z.enum(['tool_call', 'tool_call_update']),
  toolCallId: z.string().max(200),
  title: z.string().nullish().catch(undefined),
  kind: z.string().max(50).nullish().catch(undefined),
  status: z.string().nullish().catch(undefined),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
  content: z.array(z.unknown()).nullish().catch(undefined),
})
const Text = z.object({ content: z.object({ text: z.string() }) })

interface Call {
  toolName: string
  toolArgs: unknown
}

/** @param onFailure what a hook that cannot be run is told to; the session may have ended meanwhile */
export function watchToolHooks(
  hooks: SessionHooks,
  onFailure: (error: unknown) => void,
): ToolHooks {
  const calls = new Map<string, Call>()
  let waiting = 0
  let last = Promise.resolve()

  function queue(event: 'postToolUse' | 'postToolUseFailure', details: object): void {
    if (!hooks.has(event) || waiting >= mostWaiting) return
    waiting += 1
    last = last
      .then(() => hooks.fire(event, { ...details }))
      .then(() => undefined, onFailure)
      .finally(() => (waiting -= 1))
  }

  function noteCall({ toolCallId: id, kind, title, rawInput }: z.infer<typeof Update>): Call {
    const known = calls.get(id)
    const call = {
      toolName: known && kind == null ? known.toolName : nameOf(kind, title),
      toolArgs: rawInput ?? known?.toolArgs ?? {},
    }
    if (known !== undefined || calls.size < mostCalls) calls.set(id, call)
    return call
  }

  return {
    note(update) {
      const parsed = Update.safeParse(update)
      if (!parsed.success) return
      const call = noteCall(parsed.data)
      const { status, toolCallId } = parsed.data
      if (status !== 'completed' && status !== 'failed') return
      calls.delete(toolCallId)
      const text = resultOf(parsed.data)
      if (status === 'failed') queue('postToolUseFailure', { ...call, error: text })
      else {
        const toolResult = { resultType: 'success', textResultForLlm: text }
        queue('postToolUse', { ...call, toolResult })
      }
    },
    async refusal({ toolCallId, kind, title, rawInput }) {
      if (!hooks.has('preToolUse')) return undefined
      const known = toolCallId === undefined ? undefined : calls.get(toolCallId)
      const toolName = known?.toolName ?? nameOf(kind, title)
      const toolArgs = rawInput ?? known?.toolArgs ?? {}
      const { permission, reason } = await hooks.fire('preToolUse', { toolName, toolArgs })
      return permission === 'deny' ? (reason ?? 'a hook of the repository denies it') : undefined
    },
    settled: () => last,
  }
}

/** GitHub's names of tools: ACP tells of which kind one is, and has no names. */
const names: Readonly<Record<string, string>> = {
  execute: 'bash',
  read: 'view',
  edit: 'edit',
  delete: 'edit',
  move: 'edit',
  search: 'grep',
  fetch: 'web_fetch',
}

function nameOf(kind: string | null | undefined, title: string | null | undefined): string {
  const name = kind != null && Object.hasOwn(names, kind) ? names[kind] : undefined
  return name ?? (title ?? kind ?? 'other').slice(0, 200)
}

function resultOf({ content, rawOutput }: z.infer<typeof Update>): string {
  const texts = (content ?? []).flatMap((item) => {
    const parsed = Text.safeParse(item)
    return parsed.success ? [parsed.data.content.text] : []
  })
  const text = texts.length > 0 || typeof rawOutput !== 'string' ? texts.join('\n') : rawOutput
  return truncateMiddle(text, longestResult)
}
