import {
  type BudgetScope,
  type BudgetState,
  invalidField,
  nanoPerCredit,
  type routes,
  type UsageQuery,
  type UsageReport,
} from '@errand/contract'
import * as core from '@errand/core'
import { requireOrganization } from '../../auth/organization.ts'
import type { ServerContext } from '../../context.ts'
import type { Handler } from '../../handler.ts'

/** `GET /orgs/{org}/agents/usage`, for the organization's owners. */
export const getOrganizationUsage: Handler<typeof routes.getOrganizationUsage> = async (
  context,
  { caller, params, query },
) => {
  const { id, login } = await requireOrganization(context, caller, params.org)
  const budget = await readBudget(context, 'organization', { id, login })
  return { status: 200, body: await report(context, query, { owner_id: id }, budget) }
}

/** `GET /agents/usage`: of the sessions the caller began. */
export const getUsage: Handler<typeof routes.getUsage> = async (context, { caller, query }) => {
  const { id, login } = caller.user
  const budget = await readBudget(context, 'user', { id, login })
  return { status: 200, body: await report(context, query, { user_id: id }, budget) }
}

async function report(
  { store }: ServerContext,
  { by, ...asked }: UsageQuery,
  whose: Pick<core.UsageFilter, 'owner_id' | 'user_id'>,
  budgets: BudgetState[],
): Promise<UsageReport> {
  const until = asked.until ?? new Date().toISOString().slice(0, 10)
  const since = asked.since ?? `${until.slice(0, 7)}-01`
  if (since > until) {
    throw invalidField('since', `since (${since}) must not be after until (${until})`, 'Usage')
  }
  const sums = await core.addUpUsage(store, { by, since, until, ...whose })
  // Each session once, whichever keys it is under.
  const [whole] = await core.addUpUsage(store, { by: 'all', since, until, ...whose })
  const { key: _, ...total } = present(whole ?? core.noUsage)
  return { by, since, until, usage: sums.map(present), total, budgets }
}

function present({ nano, ...sums }: core.UsageSum): UsageReport['usage'][number] {
  return { ...sums, usage: aiCredits(Number(nano)), ai_credits: exactCredits(nano) }
}

/** Divided once, and by moving the point: a division of numbers would round. */
function exactCredits(nano: bigint): string {
  const digits = nano.toString().padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '')
}

/** What is spent of the budget that bounds somebody. */
async function readBudget(
  { settings, store }: ServerContext,
  scope: Exclude<BudgetScope, 'repository'>,
  whose: { id: number; login: string },
): Promise<BudgetState[]> {
  const nobody = { id: 0, login: '', full_name: '' }
  const subject = { owner: nobody, user: nobody, repository: nobody }
  const own = scope === 'user' ? { ...subject, user: whose } : { ...subject, owner: whose }
  const found = core
    .budgetsFor(settings, own, core.monthOf(store))
    .filter((budget) => budget.scope === scope)
  const ids = found.map(({ account_id: id }) => id)
  const accounts = await core.patiently(() => core.readAccounts(store.db, ids))
  return found.map((budget) => {
    const { spent_nano: spent = 0, reserved_nano: reserved = 0 } =
      accounts.get(budget.account_id) ?? {}
    return {
      scope,
      name: budget.name,
      ai_credits: budget.limit_nano / nanoPerCredit,
      prevent_further_usage: budget.prevents,
      spent: aiCredits(spent),
      reserved: aiCredits(reserved),
    }
  })
}

function aiCredits(amount: number): BudgetState['spent'] {
  return { type: 'ai_credits', amount }
}
