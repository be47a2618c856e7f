import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A prompt given as an argument, as a file, or on standard input (`-`). Throws `UserError` on none or two. */
export async function readPrompt(
  terminal: Terminal,
  argument: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (argument !== undefined && file !== undefined) {
    throw new UserError('Give the prompt either as an argument or with --from-file, not both.')
  }
  const prompt =
    file === undefined
      ? argument
      : file === '-'
        ? await terminal.readInput()
        : await readFile(resolve(terminal.cwd, file), 'utf8')
  if (prompt !== undefined && prompt.trim() !== '') return prompt
  throw new UserError('A task needs a prompt.', {
    remedy: 'Give it as an argument, or with --from-file FILE (- for standard input).',
  })
}
