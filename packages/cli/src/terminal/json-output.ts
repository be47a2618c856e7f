import { UserError } from '../errors.ts'
import { printable } from './printable.ts'
import type { Terminal } from './terminal.ts'

/**
 * Prints JSON as `--json` asks: one line when piped, indented for a person. `--jq` prints what the
 * expression makes of it, texts without quotes. Throws `UserError` when the expression is wrong.
 */
export async function printJson(
  terminal: Pick<Terminal, 'out' | 'isInteractive'>,
  value: unknown,
  expression?: string,
): Promise<void> {
  const text =
    expression === undefined
      ? JSON.stringify(value, undefined, terminal.isInteractive ? 2 : undefined)
      : await filter(value, expression, terminal.isInteractive)
  if (text === '') return
  // JSON escapes C0 by itself, but not what else moves a cursor.
  terminal.out(`${terminal.isInteractive ? printable(text) : text}\n`)
}

async function filter(value: unknown, expression: string, isIndented: boolean): Promise<string> {
  // Loaded here: every command would read it at its start.
  const { raw: runJq } = await import('jq-wasm')
  try {
    return await runJq(JSON.stringify(value), expression, isIndented ? ['-r'] : ['-r', '-c'])
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    throw new UserError(`--jq: ${reason?.replace(/^jq: error:? /, '')}`, { cause })
  }
}
