import { createHash } from 'node:crypto'

import { z } from 'zod'

/** Sees when an agent does the same again and again. */
export interface Repetition {
  /** Takes one `session/update`. Never throws. */
  note(update: unknown): void
  /** What was done does not count any more: somebody spoke to the agent, or files have changed. */
  clear(): void
}

export interface RepetitionOptions {
  /** How many times in a row is too often. */
  limit: number
  /**
   * The same was done once more: this many times in a row by now, at least twice and no more than `limit`. The same call
   * four times is also the same two calls twice.
   */
  onRepeated: (repeated: Repeated) => void
}

export interface Repeated {
  times: number
  /** How many calls make what is repeated: 1 for the same call each time. */
  calls: number
}

/** Longest row of calls that is recognized as it repeats. */
export const longestCycle = 4
/** Calls that were begun and have not ended; an agent that leaves more behind is not judged by the oldest. */
const mostOpen = 100

const Update = z.object({
  sessionUpdate: z.enum(['tool_call', 'tool_call_update']),
  toolCallId: z.string().max(200),
  title: z.unknown().optional(),
  kind: z.unknown().optional(),
  status: z.unknown().optional(),
  rawInput: z.unknown().optional(),
  content: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
})
type Update = z.infer<typeof Update>

interface Call {
  title?: unknown
  kind?: unknown
  input?: unknown
  content?: unknown
  output?: unknown
  /** Set when it has ended. */
  key?: string
}

/**
 * A call is the same where its title, kind, arguments, end and result are. Calls are taken in the order they were
 * begun in, so that those made at a time do not differ by which ends first. One whose arguments or result are not
 * told is like no other: nothing is known of what it did.
 */
export function watchRepetition({ limit, onRepeated }: RepetitionOptions): Repetition {
  const open = new Map<string, Call>()
  let last: string[] = []
  // For each length of a cycle, how many of the latest calls equal the one that many places before.
  let equal = emptyCounts()
  let unlike = 0

  function take(key: string): void {
    equal = equal.map((count, at) => (last.at(-(at + 1)) === key ? count + 1 : 0))
    last = [...last, key].slice(-longestCycle)
    for (const [at, count] of equal.entries()) {
      const calls = at + 1
      const times = count / calls + 1
      if (count > 0 && Number.isInteger(times) && times <= limit) onRepeated({ times, calls })
    }
  }

  /** The oldest first, as far as they have ended. */
  function takeEnded(): void {
    for (const [id, { key }] of open) {
      if (key === undefined && open.size <= mostOpen) return
      open.delete(id)
      take(key ?? `unlike ${(unlike += 1)}`)
    }
  }

  return {
    note(update) {
      const parsed = Update.safeParse(update)
      if (!parsed.success) return
      const { data } = parsed
      const call =
        open.get(data.toolCallId) ?? (data.sessionUpdate === 'tool_call' ? {} : undefined)
      if (call === undefined || call.key !== undefined) return
      open.set(data.toolCallId, call)
      addTo(call, data)
      if (data.status === 'completed' || data.status === 'failed') {
        call.key = keyOf(call, data.status) ?? `unlike ${(unlike += 1)}`
      }
      takeEnded()
    },
    clear() {
      open.clear()
      last = []
      equal = emptyCounts()
    },
  }
}

function emptyCounts(): number[] {
  return Array.from({ length: longestCycle }, () => 0)
}

/** What is told later takes the place of what was told at first. */
function addTo(call: Call, { title, kind, rawInput, content, rawOutput }: Update): void {
  call.title = title ?? call.title
  call.kind = kind ?? call.kind
  call.input = rawInput ?? call.input
  call.content = content ?? call.content
  call.output = rawOutput ?? call.output
}

function keyOf({ title, kind, input, content, output }: Call, status: string): string | undefined {
  // Beside a text of it an agent's own form of a result holds how long it took, and the like.
  const result = content ?? output
  if (input === undefined || result === undefined) return undefined
  const told = JSON.stringify([title, kind, input, status, result])
  return createHash('sha256').update(told).digest('base64')
}
