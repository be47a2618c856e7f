import type { EventData, ValidationTool } from '@errand/contract'
import { lastEvents } from '@errand/core'

import type { Run } from '../run/run.ts'

type Validation = EventData['session.validation']

/** Each attempt of a session tells of at most eight. */
const mostRead = 100

/** What each tool has said last in this session. From the store: an attempt that has died may have pushed. */
export async function validationsOf({ context, lease }: Run): Promise<Validation[]> {
  const query = { types: ['session.validation'] as const, limit: mostRead }
  const events = await lastEvents(context.store, lease.task.id, query)
  const own = events.filter(({ session_id: id }) => id === lease.session.id)
  // Events of this type have this data: they are checked as they are stored.
  const validations = own.map(({ data }) => data as Validation)
  const last = new Map<ValidationTool, Validation>(validations.map((one) => [one.tool, one]))
  return [...last.values()]
}
