import { ErrandError, nanoPerCredit } from '@errand/contract'
import * as core from '@errand/core'
import type { ServerContext } from './context.ts'
import { HeldBack } from './held-back.ts'

/**
 * Whether there is anything left to begin a task with: in each budget that prevents, and in all of them
 * as much as the task is to have of its own.
 *
 * @param aiCredits The task's own bound
 * @throws HeldBack, or ErrandError forbidden where there is too little left, saying which budget and how much is left
 */
export async function requireBudget(
  { settings, store }: Pick<ServerContext, 'settings' | 'store'>,
  input: Pick<core.NewTask, 'repository' | 'model'> & { user: core.NewTask['creator'] },
  aiCredits = 0,
): Promise<void> {
  if (input.model === core.scriptModel.id) return
  const subject = {
    owner: input.repository.owner,
    repository: input.repository,
    user: input.user,
  }
  const budgets = core
    .budgetsFor(settings, subject, core.monthOf(store))
    .filter(({ prevents }) => prevents)
  const ids = budgets.map(({ account_id: id }) => id)
  const accounts = await core.patiently(() => core.readAccounts(store.db, ids))
  for (const budget of budgets) {
    const { spent_nano: spent = 0, reserved_nano: reserved = 0 } =
      accounts.get(budget.account_id) ?? {}
    const left = Math.max(0, budget.limit_nano - spent - reserved)
    const share = `${core.shareOf(spent + reserved, budget.limit_nano)} are spent or reserved, ${core.credits(left)} are left`
    const name = core.nameOfBudget(budget)
    if (left === 0) {
      throw new HeldBack('budget_used_up', `No task can begin: of ${name} ${share}`)
    }
    if (aiCredits * nanoPerCredit > left) {
      const message = `max_ai_credits asks for ${aiCredits}, and of ${name} ${share}`
      throw new ErrandError('forbidden', { message })
    }
  }
}
