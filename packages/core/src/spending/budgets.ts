import { type BudgetScope, nanoPerCredit, type Settings } from '@errand/contract'
import type { SessionRow, TaskRow } from '../store/schema.ts'
import { accountOf } from './accounts.ts'

/** What may be spent from one account. */
export interface Budget {
  scope: BudgetScope | 'task'
  /** Whose it is: a login, `owner/repo`, or the task's id. */
  name: string
  account_id: string
  limit_nano: number
  /** False for a budget that only warns. */
  prevents: boolean
}

/** Who would spend: a session's task, or one that is still to be created, which has no account yet. */
export interface BudgetSubject {
  owner: { id: number; login: string }
  repository: { id: number; full_name: string }
  user: { id: number; login: string }
  task?: { id: string; max_nano: number | null }
}

/**
 * The budgets that bound somebody's spending in a month: the task's own, and for each scope the one
 * that names it, else the one that is for each (`*`).
 */
export function budgetsFor(
  settings: Pick<Settings, 'budgets'>,
  { owner, repository, user, task }: BudgetSubject,
  month: string,
): Budget[] {
  const spender = {
    owner_id: owner.id,
    repository_id: repository.id,
    user_id: user.id,
    task_id: task?.id ?? '',
  }
  const names = { organization: owner.login, repository: repository.full_name, user: user.login }
  const own: Budget[] =
    task === undefined || task.max_nano === null
      ? []
      : [
          {
            scope: 'task',
            name: task.id,
            account_id: accountOf('task', spender, month),
            limit_nano: task.max_nano,
            prevents: true,
          },
        ]
  const scopes: BudgetScope[] = ['user', 'repository', 'organization']
  return own.concat(
    scopes.flatMap((scope) => {
      const found = findNamed(settings.budgets, scope, names[scope])
      if (found === undefined) return []
      return {
        scope,
        name: names[scope],
        account_id: accountOf(scope, spender, month),
        limit_nano: Math.round(found.ai_credits * nanoPerCredit),
        prevents: found.prevent_further_usage,
      }
    }),
  )
}

/** Of rules that name whom they are for, the one for this name, else the one for each. */
export function findNamed<T extends { scope: BudgetScope; name: string }>(
  rules: readonly T[],
  scope: BudgetScope,
  name: string,
): T | undefined {
  const ofScope = rules.filter((rule) => rule.scope === scope)
  return (
    ofScope.find((rule) => rule.name.toLowerCase() === name.toLowerCase()) ??
    ofScope.find((rule) => rule.name === '*')
  )
}

export function subjectOf(task: TaskRow, session: SessionRow): BudgetSubject {
  return {
    owner: { id: task.owner_id, login: task.owner_login },
    repository: { id: task.repository_id, full_name: task.repository_full_name },
    user: { id: session.user_id, login: session.user_login },
    task: { id: task.id, max_nano: task.max_nano },
  }
}

/** Like `the budget of organization acme this month`. */
export function nameOfBudget({ scope, name }: Pick<Budget, 'scope' | 'name'>): string {
  return scope === 'task' ? 'the budget of this task' : `the budget of ${scope} ${name} this month`
}

/** Like `12.5 of 100 AI credits`. */
export function shareOf(spentNano: number, limitNano: number): string {
  return `${credits(spentNano)} of ${credits(limitNano)} AI credits`
}

export function credits(nano: number): string {
  return (nano / nanoPerCredit).toLocaleString('en-US', { maximumFractionDigits: 1 })
}
