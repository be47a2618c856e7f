import type { ForgeEvent } from '@errand/contract'
import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { hooksStay } from './queue-deliveries.ts'

/** Has the webhooks told that want to know. The same event again is queued once. */
export async function queueEvent(store: Store, happened: ForgeEvent): Promise<void> {
  const { id, event, action, repository_id: repositoryId, owner_id: ownerId, payload } = happened
  await patiently(() =>
    sql`
      insert into webhook_deliveries (webhook_id, guid, event, action, repository_id, payload,
        created_at, next_at)
      select hook.id, ${id}::uuid, ${event}::text, ${action ?? null}::text, ${repositoryId}::bigint,
        ${JSON.stringify(payload)}::json, clock.time, clock.time
      from webhooks as hook, (select ${now(store)} as time) as clock
      where hook.active
        and hook.events ?| array[${event}::text, '*']
        and (
          (hook.target_type = 'repository' and hook.target_id = ${repositoryId}::bigint)
          or (hook.target_type = 'organization' and hook.target_id = ${ownerId}::bigint)
        )
      ${hooksStay}
      on conflict do nothing`.execute(store.db),
  )
  store.changes.publish(['queue'])
}
