import type { CallAnswer, Client } from '@errand/contract'

export type Model = CallAnswer<'listModels'>['models'][number]

/** All models a task may name. */
export async function readModels(client: Client, signal: AbortSignal): Promise<Model[]> {
  const models: Model[] = []
  const query = { per_page: 100 }
  for await (const page of client.pages('listModels', { params: {}, query, signal })) {
    models.push(...page.models)
  }
  return models
}
