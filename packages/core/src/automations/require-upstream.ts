import { invalidField, type Triggers } from '@errand/contract'
import { sql } from 'kysely'
import type { Tx } from '../store/store.ts'

/**
 * Checks the automations that one waits for.
 *
 * @throws ErrandError validation_failed for one that is not of the repository, and where they would begin one
 *   another without end
 */
export async function requireUpstream(
  tx: Tx,
  automation: { id: string; repository_id: number },
  triggers: Triggers,
): Promise<void> {
  const wanted = triggers.automation_run?.automation_ids ?? []
  if (wanted.length === 0) return
  const found = await sql<{ id: string; upstream: string[] | null }>`
    select id, triggers -> 'automation_run' -> 'automation_ids' as upstream
    from automations
    where repository_id = ${automation.repository_id}`.execute(tx)
  const upstream = new Map(found.rows.map((row) => [row.id, row.upstream ?? []]))
  upstream.set(automation.id, wanted)
  const stranger = wanted.find((id) => !upstream.has(id))
  if (stranger !== undefined) throw refused(`there is no automation ${stranger} in the repository`)
  const seen = new Set<string>()
  for (const left = [...wanted]; left.length > 0;) {
    const id = left.pop() ?? ''
    if (id === automation.id) throw refused('they would begin one another without end')
    if (seen.has(id)) continue
    seen.add(id)
    left.push(...(upstream.get(id) ?? []))
  }
}

function refused(why: string) {
  const field = 'triggers.automation_run.automation_ids'
  return invalidField(field, `${field}: ${why}`, 'Automation')
}
