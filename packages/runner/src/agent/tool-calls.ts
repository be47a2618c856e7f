import { z } from 'zod'

/** The tools an agent is using, as it tells of them. */
export interface ToolCalls {
  /** Takes one `session/update`. Never throws. */
  note(update: unknown): void
  /** The kind a call was reported with, if it was. */
  kindOf(toolCallId: string): string | undefined
  /** Resolves when no call is open. */
  whenIdle(): Promise<void>
  /** A turn is over: what was open in it is not any more. */
  clear(): void
}

/** Kept, so that an agent cannot fill our memory with calls that never end. */
const mostCalls = 1000

const Update = z.object({
  sessionUpdate: z.enum(['tool_call', 'tool_call_update']),
  toolCallId: z.string().max(200),
  kind: z.string().max(50).nullish().catch(undefined),
  status: z.string().nullish().catch(undefined),
})

export function watchToolCalls(): ToolCalls {
  const open = new Set<string>()
  const kinds = new Map<string, string>()
  let waiting: (() => void)[] = []

  function wake(): void {
    if (open.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  /** The latest are kept: it is for a call that is about to begin that its kind is asked for. */
  function keepKind(id: string, kind: string): void {
    kinds.delete(id)
    kinds.set(id, kind)
    const [oldest] = kinds.keys()
    if (kinds.size > mostCalls && oldest !== undefined) kinds.delete(oldest)
  }

  return {
    note(update) {
      const parsed = Update.safeParse(update)
      if (!parsed.success) return
      const { toolCallId: id, kind, status, sessionUpdate } = parsed.data
      if (kind != null) keepKind(id, kind)
      if (status === 'completed' || status === 'failed') open.delete(id)
      else if (sessionUpdate === 'tool_call' && open.size < mostCalls) open.add(id)
      wake()
    },
    kindOf: (id) => kinds.get(id),
    async whenIdle() {
      // The next call may have begun by the time this goes on.
      while (open.size > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    clear() {
      open.clear()
      kinds.clear()
      wake()
    },
  }
}
