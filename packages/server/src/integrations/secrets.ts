import { type Caller, ErrandError, invalidField } from '@errand/contract'
import type { ServerContext } from '../context.ts'

/**
 * The value of a variable that a setting names: looked up when the server starts, so that one that is
 * missing is noticed by whoever starts it.
 *
 * @throws ErrandError that names the setting and the variable.
 */
export function requireSecret(context: ServerContext, setting: string, name: string): string {
  const value = context.secrets(name)
  if (value !== undefined && value !== '') return value
  throw invalidField(setting, `${setting}: the variable ${name} is not set`, 'Settings')
}

/**
 * The account tasks are started as. Asked each time: a token that was taken away is of no use.
 *
 * @throws ErrandError unavailable: it is not the sender's fault, and may be put right.
 */
export async function callerOf(context: ServerContext, token: string): Promise<Caller> {
  const caller = await context.forge.authenticate(token)
  if (caller !== undefined) return caller
  throw new ErrandError('unavailable', {
    message:
      'The forge does not know the token of the account that this integration starts tasks as',
  })
}
