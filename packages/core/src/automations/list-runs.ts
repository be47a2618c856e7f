import type { AutomationRunRow } from '../store/automation-rows.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** A page of an automation's history, the latest first. */
export async function listAutomationRuns(
  store: Store,
  automationId: string,
  { page, per_page }: { page: number; per_page: number },
): Promise<{ runs: AutomationRunRow[]; has_more: boolean }> {
  const rows = await patiently(() =>
    store.db
      .selectFrom('automation_runs')
      .selectAll()
      .where('automation_id', '=', automationId)
      .orderBy('position', 'desc')
      .offset((page - 1) * per_page)
      .limit(per_page + 1)
      .execute(),
  )
  return { runs: rows.slice(0, per_page), has_more: rows.length > per_page }
}
