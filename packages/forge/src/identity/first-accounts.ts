import type { Account, Records } from '../records/records.ts'
import { createAccount, findAccount } from './accounts.ts'
import { createToken } from './tokens.ts'

/** The first owner, and whoever works for all. */
export const ownerLogin = 'owner'
export const botLogin = 'errand[bot]'

/**
 * Sees to the first owner and a token of theirs: the one given, or a new one. An old one cannot be
 * shown again, the forge has only its hash.
 */
export async function ensureSiteAdmin(records: Records, token?: string): Promise<string> {
  const owner =
    findAccount(records, ownerLogin) ??
    (await createAccount(records, { login: ownerLogin, type: 'User', site_admin: true }))
  return await createToken(records, {
    user: owner,
    kind: 'classic',
    name: 'owner-token',
    scopes: [
      'repo',
      'admin:org',
      'admin:repo_hook',
      'admin:org_hook',
      'user',
      'workflow',
      'site_admin',
    ],
    ...(token === undefined ? {} : { secret: token }),
  })
}

/** The bot that the runner works as, made where it is missing. */
async function ensureBot(records: Records): Promise<Account> {
  return (
    findAccount(records, botLogin) ??
    (await createAccount(records, { login: botLogin, type: 'Bot' }))
  )
}

/** The bot has one token at a time: those of earlier starts end here. */
export async function renewBotToken(records: Records): Promise<string> {
  const bot = await ensureBot(records)
  for (const token of records.tokens.values()) {
    if (token.user_id === bot.id) await records.tokens.delete(token.hash)
  }
  return await createToken(records, {
    user: bot,
    kind: 'installation',
    permissions: { contents: 'write', pull_requests: 'write', issues: 'write', metadata: 'read' },
  })
}
