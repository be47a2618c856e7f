import type { Model, Settings, Upstream } from '@errand/contract'
import { scriptModelId } from '@errand/contract'

import { SessionFailed } from '../failures.ts'
import type { Wire } from './route.ts'
import type { ModelApi } from './token-count.ts'

/** The models one session may use: its own, and those the same upstream serves beside it. */
export interface Catalogue {
  model: Model
  upstream: Upstream
  upstreamName: string
  api: ModelApi
  /**
   * The model a request gets. Agents also ask for names of their own, for titles or checks: those get
   * the session's model.
   */
  resolve(name: string): Model
  models: Model[]
}

/**
 * Undefined for a session that uses no model.
 *
 * @throws SessionFailed model_unknown
 */
export function openCatalogue(settings: Settings, modelId: string): Catalogue | undefined {
  if (modelId === scriptModelId) return undefined
  const model = settings.models.find(({ id }) => id === modelId)
  const upstream = model === undefined ? undefined : settings.upstreams[model.upstream]
  if (model === undefined || upstream === undefined) {
    const message = `The model ${modelId} is not configured on this runner.`
    throw new SessionFailed('model_unknown', message)
  }
  const models = settings.models.filter((other) => other.upstream === model.upstream)
  return {
    model,
    upstream,
    upstreamName: model.upstream,
    api: model.api ?? defaultApi[upstream.wire],
    models,
    resolve: (name) => models.find(({ id, name: own }) => id === name || own === name) ?? model,
  }
}

const defaultApi = {
  anthropic: 'messages',
  openai: 'chat_completions',
} as const satisfies Record<Wire, ModelApi>
