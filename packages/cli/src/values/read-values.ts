import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface Given {
  body?: string
  envFile?: string
}

/**
 * Names and values that are to be set: one by its name, from `--body`, standard input or a person who is asked;
 * or all of a file of lines `NAME=value`.
 *
 * @throws UserError where nothing, or two different things, are given
 */
export async function readValues(
  terminal: Terminal,
  name: string | undefined,
  { body, envFile }: Given,
  what: 'secret' | 'variable',
): Promise<Record<string, string>> {
  if (envFile !== undefined) {
    if (name === undefined && body === undefined) return await readEnvFile(terminal, envFile)
    throw new UserError('--env-file has names and values: give neither a name nor --body with it.')
  }
  if (name === undefined) {
    throw new UserError(`Name the ${what}, or give --env-file with several.`)
  }
  return { [name]: body ?? (await readValue(terminal, name, what)) }
}

async function readValue(
  terminal: Terminal,
  name: string,
  what: 'secret' | 'variable',
): Promise<string> {
  if (terminal.canAsk) return await terminal.ask(`${name}: `, { isSecret: what === 'secret' })
  // As with `gh`: what ends the last line is not meant.
  return (await terminal.readInput()).replace(/[\r\n]+$/, '')
}

async function readEnvFile(terminal: Terminal, file: string): Promise<Record<string, string>> {
  const text =
    file === '-' ? await terminal.readInput() : await readFile(resolve(terminal.cwd, file), 'utf8')
  const values = Object.entries(parseEnv(text)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  if (values.length > 0) return Object.fromEntries(values)
  throw new UserError(`${file} has no line NAME=value.`)
}
