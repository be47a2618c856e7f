import type { Client } from '@errand/contract'

/** What a waiting task has asked and nobody has answered yet, in its own words. */
export async function readQuestion(
  client: Client,
  taskId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let open: string | undefined
  const pages = client.pages('listEvents', {
    params: { task_id: taskId },
    query: { per_page: 1000 },
    signal,
  })
  for await (const { events } of pages) {
    for (const { type, data } of events) {
      if (type === 'elicitation.requested') open = String(data.message)
      if (type === 'elicitation.completed') open = undefined
    }
  }
  return open
}
