import type { Settings } from '@errand/contract'
import { sql } from 'kysely'
import type { Lease } from '../sessions/fence.ts'
import { prepared } from '../store/prepared.ts'
import { now, type Store } from '../store/store.ts'
import { patiently, runnerPatienceMs } from '../store/transact.ts'
import { accountOf, accountsOf, monthOf } from './accounts.ts'
import { type Budget, budgetsFor, subjectOf } from './budgets.ts'

/** A request of a model that is about to be sent. */
export interface PlannedRequest {
  /** A UUID of the caller's: the same one again is the same request. */
  id: string
  model: string
  /** What it may cost at most, in nano AI credits: reserved until it is counted. */
  most_nano: number
  /** Of the model. Default: 0, which nothing forbids. */
  multiplier?: number
}

export type Reservation =
  /**
   * With the budgets of which little is left, or that only warn and are used up, and the dearest
   * multiplier the task may have.
   */
  | {
      outcome: 'reserved'
      near: SpentBudget[]
      /** Whether there is a budget at all, be it of the task or one that only warns. */
      is_bound: boolean
      max_multiplier: number
    }
  | { outcome: 'used_up'; spent: SpentBudget }
  /** The model is dearer than the task may use. */
  | { outcome: 'too_dear'; max_multiplier: number }
  /** The lease is lost. */
  | { outcome: 'stale' }

export interface SpentBudget {
  budget: Budget
  /** What is reserved for others is part of it. */
  spent_nano: number
}

interface Admission {
  is_held: boolean
  max_nano: number | null
  max_multiplier: number | null
  /** Empty where they are still to be made. */
  accounts: { id: string; spent_nano: number }[]
  is_used_up: boolean
}

/**
 * Reserves what a request may cost in all accounts of its session, in one statement: so that of a
 * hundred sessions at one budget only the one that reaches it goes over, by what its request costs.
 * Where a budget that prevents is used up, counting what is reserved for others, nothing changes.
 */
export async function reserveRequest(
  store: Store,
  lease: Lease,
  request: PlannedRequest,
  settings: Pick<Settings, 'budgets' | 'budget_warning_percent'>,
): Promise<Reservation> {
  const month = monthOf(store)
  const { session, task } = lease
  const ids = accountsOf(session, month)
  const budgets = budgetsFor(settings, subjectOf({ ...task, max_nano: null }, session), month)
  return await patiently(async () => {
    let admission = await admit(store, lease, request, ids, budgets)
    if (admission.accounts.length < ids.length) {
      await makeAccounts(store, ids)
      admission = await admit(store, lease, request, ids, budgets)
    }
    const { is_held: isHeld, max_multiplier: maxMultiplier } = admission
    if (!isHeld) return { outcome: 'stale' }
    if (maxMultiplier !== null && (request.multiplier ?? 0) > maxMultiplier) {
      return { outcome: 'too_dear', max_multiplier: maxMultiplier }
    }
    const own = budgetsFor(
      { budgets: [] },
      subjectOf({ ...task, max_nano: admission.max_nano }, session),
      month,
    )
    const spent = [...own, ...budgets].map((budget) => ({
      budget,
      spent_nano: admission.accounts.find(({ id }) => id === budget.account_id)?.spent_nano ?? 0,
    }))
    const usedUp = spent.find(({ budget, spent_nano: nano }) => {
      return budget.prevents && nano >= budget.limit_nano
    })
    if (admission.is_used_up && usedUp !== undefined) return { outcome: 'used_up', spent: usedUp }
    const near = spent.filter(({ budget, spent_nano: nano }) => {
      return nano * 100 >= settings.budget_warning_percent * budget.limit_nano
    })
    const most = maxMultiplier ?? Number.POSITIVE_INFINITY
    return { outcome: 'reserved', near, is_bound: spent.length > 0, max_multiplier: most }
  }, runnerPatienceMs)
}

async function makeAccounts(store: Store, ids: readonly string[]): Promise<void> {
  await sql`
    insert into accounts (id)
    select unnest(${ids}::text[])
    on conflict do nothing`.execute(store.db)
}

async function admit(
  store: Store,
  { session, attempt }: Lease,
  { id, model, most_nano: mostNano, multiplier = 0 }: PlannedRequest,
  accountIds: readonly string[],
  budgets: readonly Budget[],
): Promise<Admission> {
  const preventing = budgets.filter((budget) => budget.prevents)
  const found = await sql<Admission>`${prepared}
    with held as (
      select id from sessions
      where id = ${session.id} and attempt = ${attempt} and lease_expires_at is not null
    ), locked as (
      select * from accounts where id = any(${accountIds}::text[]) order by id for update
    ), budget as (
      select * from unnest(
        ${preventing.map((budget) => budget.account_id)}::text[],
        ${preventing.map((budget) => budget.limit_nano)}::bigint[]
      ) as budget (account_id, limit_nano)
      union all
      -- As it is now: it may have been raised since the lease.
      select ${accountOf('task', session, '')}::text, max_nano
      from tasks
      where id = ${session.task_id} and max_nano is not null
    ), own as (
      -- What this very request has reserved already, should the answer to it have been lost.
      select coalesce(sum(reserved_nano), 0) as nano from model_requests where id = ${id}::uuid
    ), used_up as (
      select
      from locked
      join budget on budget.account_id = locked.id
      cross join own
      where locked.spent_nano + locked.reserved_nano - own.nano >= budget.limit_nano
    ), request as (
      insert into model_requests (id, session_id, attempt, model, account_ids, reserved_nano, started_at)
      select ${id}::uuid, held.id, ${attempt}::integer, ${model}::text, ${accountIds}::text[],
        ${mostNano}::bigint, ${now(store)}
      from held
      where not exists (select from used_up)
        and (select count(*) from locked) = ${accountIds.length}::integer
        and (
          select max_multiplier is null or max_multiplier >= ${multiplier}::double precision
          from tasks
          where id = ${session.task_id}
        )
      on conflict (id) do nothing
      returning id
    ), reserved as (
      update accounts
      set reserved_nano = accounts.reserved_nano + ${mostNano}::bigint
      from locked, request
      where accounts.id = locked.id
    )
    select exists (select from held) as is_held,
      (select max_nano from tasks where id = ${session.task_id}) as max_nano,
      (select max_multiplier from tasks where id = ${session.task_id}) as max_multiplier,
      coalesce(
        (
          select json_agg(
            json_build_object('id', id, 'spent_nano', spent_nano + reserved_nano - own.nano)
          )
          from locked cross join own
        ),
        '[]'
      ) as accounts,
      exists (select from used_up) as is_used_up`.execute(store.db)
  // One row, whatever is found.
  return found.rows[0] as Admission
}
