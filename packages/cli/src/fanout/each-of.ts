import { isRefusal } from '@errand/contract'
import { Exit, exitCodes } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { explainRefusal } from './forge-calls.ts'

/**
 * Does something to each repository of a campaign. One that the server refuses keeps no other from it: it is
 * told with the reason. Returns the names of those.
 *
 * @param act what was done, to be told; undefined where nothing was
 */
export async function eachOf<T extends { repository: string }>(
  terminal: Terminal,
  parts: Iterable<T>,
  act: (part: T) => Promise<string | undefined>,
): Promise<string[]> {
  const refused: string[] = []
  for (const part of parts) {
    const name = printableLine(part.repository)
    try {
      const done = await act(part)
      if (done !== undefined) terminal.out(`${name}  ${done}\n`)
    } catch (error) {
      if (!isRefusal(error)) throw error
      refused.push(name)
      const reason = `${printableLine(explainRefusal(error))} (${error.status})`
      terminal.out(`${name}  ${terminal.paint('red', 'refused')}: ${reason}\n`)
    }
  }
  return refused
}

/** Ends the command with 1 where any repository was refused, and says which. */
export function requireNoneRefused(terminal: Terminal, refused: readonly string[]): void {
  if (refused.length === 0) return
  terminal.err(`Refused for ${refused.length}: ${refused.join(', ')}\n`)
  throw new Exit(exitCodes.failed)
}
