import { invalidField } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { roleIn } from '../identity/access.ts'
import { findAccount } from '../identity/accounts.ts'
import type { Pull, Repository } from '../records/records.ts'
import { changePull } from './change-pull.ts'

/**
 * Asks users for their review, beside those asked before.
 *
 * @throws ErrandError not_found; validation_failed for one who may not look at it, or opened it.
 */
export async function requestReviewers(
  context: ForgeContext,
  repository: Repository,
  number: number,
  by: { id: number },
  logins: readonly string[],
): Promise<Pull> {
  return await changePull(context, repository, number, by, (now) => ({
    requested_reviewers: [
      ...new Set([
        ...now.requested_reviewers,
        ...logins.map((login) => requireReviewer(context, repository, now, login)),
      ]),
    ],
  }))
}

function requireReviewer(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
  login: string,
): number {
  const account = findAccount(context.records, login)
  const isPossible =
    account?.type === 'User' &&
    account.id !== pull.user_id &&
    roleIn(context.records, account, repository) !== undefined
  if (isPossible) return account.id
  throw invalidField(
    'reviewers',
    `reviewers: '${login}' cannot review this pull request`,
    'PullRequest',
  )
}

/** @throws ErrandError validation_failed, as GitHub's for a team that is not there */
export function requireNoTeams([team]: readonly string[]): void {
  if (team === undefined) return
  const message = `team_reviewers: there is no team '${team}': this forge has none`
  throw invalidField('team_reviewers', message, 'PullRequest')
}
