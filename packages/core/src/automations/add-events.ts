import { sql } from 'kysely'
import { storableJson, storableText } from '../events/storable-json.ts'
import type { AutomationEventRow } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'

/** Something that happened on a forge, as it was told. */
export type NewAutomationEvent = Pick<
  AutomationEventRow,
  | 'event_key'
  | 'event'
  | 'type'
  | 'repository_full_name'
  | 'hint'
  | 'actor_id'
  | 'actor_login'
  | 'happened_at'
> & { repository_id: number }

/** Whether any automation waits for such a thing: most of what a forge tells nobody waits for. */
export async function isAwaited(tx: Tx, event: NewAutomationEvent): Promise<boolean> {
  const found = await sql`
    select 1
    from automations
    where ${waitsFor(event)}
    limit 1`.execute(tx)
  return found.rows.length > 0
}

/**
 * Notes it for each automation that waits for it, once: by what happened, as the number of a delivery is not
 * signed and may be made up by who sends it again. Whether any was new.
 */
export async function addAutomationEvents(
  store: Store,
  tx: Tx,
  event: NewAutomationEvent,
): Promise<boolean> {
  const hint = JSON.stringify(storableJson(event.hint))
  const added = await sql`
    insert into automation_events
      (automation_id, event_key, event, type, repository_full_name, hint, actor_id, actor_login,
        happened_at, received_at, next_at)
    select id, ${event.event_key}, ${event.event}, ${event.type},
      ${storableText(event.repository_full_name, 200)}, ${hint}::json, ${event.actor_id},
      ${storableText(event.actor_login, 100)}, ${event.happened_at}, ${now(store)}, ${now(store)}
    from automations
    where ${waitsFor(event)}
    -- As everywhere where several are locked.
    order by id
    -- One that is deleted at the same moment gets none.
    for key share
    on conflict do nothing
    returning id`.execute(tx)
  return added.rows.length > 0
}

/** By its types already: nothing need be asked of the forge for the others. */
function waitsFor({ repository_id: repository, event, type }: NewAutomationEvent) {
  return sql`repository_id = ${repository}
    and enabled
    and jsonb_exists(triggers, ${event})
    and (triggers -> ${event} -> 'types' is null or triggers -> ${event} -> 'types' @> ${JSON.stringify([type])}::jsonb)`
}
