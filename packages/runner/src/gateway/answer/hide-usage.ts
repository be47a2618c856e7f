import { nothing, type Step } from './step.ts'

/** Longest event that is waited for; a longer one is no chunk of usage. */
const longestEvent = 64 * 1024

/**
 * Takes the chunk with the usage, which has no choices, out of a stream of Chat Completions: for agents
 * that have not asked for it. Events pass whole.
 */
export function createUsageHider(): Step {
  let held: Buffer = nothing
  return {
    push(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const parts: Buffer[] = []
      let start = 0
      for (let end = eventEnd(bytes, start); end !== -1; end = eventEnd(bytes, start)) {
        const event = bytes.subarray(start, end)
        if (!isUsage(event)) parts.push(event)
        start = end
      }
      const rest = bytes.subarray(start)
      if (rest.length > longestEvent) {
        parts.push(rest)
        held = nothing
      } else held = Buffer.from(rest)
      const [only] = parts
      if (only !== undefined && parts.length === 1) return only
      return Buffer.concat(parts)
    },
    end() {
      const rest = held
      held = nothing
      return isUsage(rest) ? nothing : rest
    },
  }
}

/** Past the empty line that ends the event at `start`; -1 where it has not come yet. */
function eventEnd(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(0x0a, start); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
    const next = bytes[at + 1] === 0x0d ? at + 2 : at + 1
    if (bytes[next] === 0x0a) return next + 1
  }
  return -1
}

function isUsage(event: Buffer): boolean {
  if (!event.includes('"usage"')) return false
  const lines = event.toString('utf8').split(/\r?\n/)
  const data = lines.flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : [])).join('\n')
  try {
    const { usage, choices } = JSON.parse(data) as { usage?: unknown; choices?: unknown }
    return usage !== null && usage !== undefined && Array.isArray(choices) && choices.length === 0
  } catch {
    return false
  }
}
