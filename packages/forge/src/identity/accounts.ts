import { ErrandError, invalidField } from '@errand/contract'
import type { Account, Records } from '../records/records.ts'

/** The API's first path words, and the pages': an owner of such a name could not be reached. */
const reservedLogins = new Set([
  'agents',
  'api',
  'avatars',
  'app',
  'copilot',
  'docs',
  'healthz',
  'issues',
  'login',
  'logout',
  'meta',
  'openapi.json',
  'orgs',
  'rate_limit',
  'repos',
  'repositories',
  'search',
  'user',
  'users',
  'versions',
  'graphql',
])

export function findAccount(records: Records, login: string): Account | undefined {
  const wanted = login.toLowerCase()
  return records.accounts.values().find((account) => account.login.toLowerCase() === wanted)
}

/**
 * Creates a user, an organization or a bot.
 *
 * @throws ErrandError validation_failed when the login is taken, reserved or not allowed.
 */
export async function createAccount(
  records: Records,
  input: { login: string; type: Account['type']; site_admin?: boolean; admins?: number[] },
): Promise<Account> {
  const login = input.login
  const name = input.type === 'Bot' ? login.replace(/\[bot\]$/, '') : login
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}$/.test(name)) {
    throw invalidField(
      'login',
      `login '${login}' must be 1 to 39 letters, digits or single dashes`,
      'User',
    )
  }
  if (reservedLogins.has(name.toLowerCase())) {
    throw invalidField('login', `login '${login}' is reserved`, 'User')
  }
  if (findAccount(records, login) !== undefined) {
    throw new ErrandError('validation_failed', {
      errors: [
        {
          resource: 'User',
          field: 'login',
          code: 'already_exists',
          message: `login '${login}' is taken`,
        },
      ],
    })
  }
  const account: Account = {
    id: await records.nextId(),
    login,
    type: input.type,
    site_admin: input.site_admin ?? false,
    created_at: new Date().toISOString(),
    members: Object.fromEntries((input.admins ?? []).map((id) => [id, 'admin' as const])),
  }
  await records.accounts.put(String(account.id), account)
  return account
}
