import { ErrandError, invalidField } from '@errand/contract'
import type { Account, Records } from '../records/records.ts'

/** The API's first path words, and the pages': an owner of such a name could not be reached. */
const reservedLogins = new Set([
  'admin',
  'agents',
  'api',
  'avatars',
  'app',
  'copilot',
  'docs',
  'healthz',
  'integrations',
  'issues',
  'login',
  'logout',
  'mcp',
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
  return records.accountByLogin(login)
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
  return await records.whileNaming(async () => {
    if (findAccount(records, login) !== undefined) throw takenLogin(login)
    const id = await records.nextId()
    return await records.accounts.put(String(id), {
      id,
      login,
      type: input.type,
      site_admin: input.site_admin ?? false,
      created_at: new Date().toISOString(),
      members: Object.fromEntries((input.admins ?? []).map((admin) => [admin, 'admin' as const])),
    })
  })
}

function takenLogin(login: string): ErrandError {
  return new ErrandError('validation_failed', {
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

/**
 * Gives somebody a role in an organization, or takes it with `undefined`.
 *
 * @param check refuses a change of what the organization is at that moment, by throwing
 */
export async function setMember(
  records: Records,
  organization: Account,
  userId: number,
  role: 'member' | 'admin' | undefined,
  check: (organization: Account) => void = () => undefined,
): Promise<Account> {
  return await records.accounts.update(String(organization.id), (account) => {
    check(account)
    const { [userId]: _, ...others } = account.members
    return { ...account, members: role === undefined ? others : { ...others, [userId]: role } }
  })
}

/** The address in commits made in somebody's name. Their id is in it, so that they are found again. */
export function emailOf(account: { id: number; login: string }): string {
  return `${account.id}+${account.login}@users.noreply.localhost`
}

/** Whose address it is, if it is one of `emailOf`. */
export function findByEmail(records: Records, email: string): Account | undefined {
  const [, id = ''] = /^(\d+)\+[^@]*@users\.noreply\.localhost$/.exec(email) ?? []
  return records.accounts.get(id)
}
