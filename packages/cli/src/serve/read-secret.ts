import { readFileSync } from 'node:fs'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'

/**
 * The value of a variable that the settings name, or what is in the file that the variable
 * `NAME_FILE` names, as container platforms give secrets. Undefined where there is neither.
 *
 * @throws UserError when the file cannot be read.
 */
export function readSecret(environment: Environment, name: string): string | undefined {
  const value = environment[name]
  if (value !== undefined && value !== '') return value
  const path = environment[`${name}_FILE`]
  if (path === undefined || path === '') return undefined
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch (cause) {
    throw new UserError(`The file ${path} that ${name}_FILE names cannot be read.`, { cause })
  }
}
