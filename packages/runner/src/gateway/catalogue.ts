import type { Model, Settings, Upstream } from '@errand/contract'
import { scriptModelId } from '@errand/contract'
import {
  type BudgetSubject,
  cheapestFirst,
  findByPlainName,
  offeredModels,
  plainModelName,
} from '@errand/core'

import { SessionFailed } from '../failures.ts'
import type { Wire } from './route.ts'
import type { ModelApi } from './tokens/token-report.ts'

/** The models one session may use: its own, and those beside it that are no dearer. */
export interface Catalogue {
  model: Model
  upstream: Upstream
  upstreamName: string
  api: ModelApi
  /**
   * The model a request gets. Agents also ask for names of their own, for titles or checks: what nobody
   * has configured gets the model it is mapped to, else the cheapest there is here; what may not be used here the
   * session's own.
   */
  resolve(name: string): Model
  models: Model[]
}

/**
 * Undefined for a session that uses no model.
 *
 * @param subject whose session it is
 * @throws SessionFailed model_unknown
 */
export async function openCatalogue(
  settings: Settings,
  modelId: string,
  subject: Omit<BudgetSubject, 'task'>,
): Promise<Catalogue | undefined> {
  if (modelId === scriptModelId) return undefined
  const model = settings.models.find(({ id }) => id === modelId)
  const upstream = model === undefined ? undefined : settings.upstreams[model.upstream]
  if (model === undefined || upstream === undefined) {
    const message = `The model ${modelId} is not configured on this runner.`
    throw new SessionFailed('model_unknown', message)
  }
  const allowed = await modelsAllowed(settings, model, subject)
  const models = [model, ...allowed.filter((one) => one.upstream === model.upstream)]
  // The session's own is first: it goes before others that cost the same, or whose price is unknown.
  const [cheapest = model] = await cheapestFirst(settings, models)
  return {
    model,
    upstream,
    upstreamName: model.upstream,
    api: model.api ?? defaultApi[upstream.wire],
    models,
    resolve: (name) =>
      findNamed(models, name) ??
      (findNamed(settings.models, name) === undefined
        ? (mappedModel(settings, [model, ...allowed], name) ?? cheapest)
        : model),
  }
}

/**
 * What else speaks the wire of the session and may be used by who it is of. An agent chooses nothing dearer than its
 * task did: so a task of `auto` stays below what `auto` may choose.
 */
async function modelsAllowed(
  settings: Settings,
  model: Model,
  subject: Omit<BudgetSubject, 'task'>,
): Promise<Model[]> {
  const offered = await offeredModels(settings, subject)
  const own = offered.find(({ id }) => id === model.id)?.multiplier ?? 0
  const allowed = new Set(
    offered
      .filter(({ unavailable, multiplier }) => unavailable === undefined && multiplier <= own)
      .map(({ id }) => id),
  )
  const wire = settings.upstreams[model.upstream]?.wire
  return settings.models.filter(
    ({ id, upstream }) =>
      settings.upstreams[upstream]?.wire === wire && id !== model.id && allowed.has(id),
  )
}

/** What the settings map a name to, as it is or without provider and date; undefined where that may not be used. */
function mappedModel(
  { mapped_models: mapped }: Settings,
  allowed: readonly Model[],
  name: string,
): Model | undefined {
  const plain = plainModelName(name)
  const entries = Object.entries(mapped)
  const [, id] =
    entries.find(([one]) => one === name) ??
    entries.find(([one]) => one !== '*' && plainModelName(one) === plain) ??
    entries.find(([one]) => one === '*') ??
    []
  return allowed.find((model) => model.id === id)
}

/** By its id, its name at the upstream, an alias; else by its family without provider and date. */
function findNamed(models: readonly Model[], name: string): Model | undefined {
  return (
    models.find(({ id }) => id === name) ??
    models.find((model) => model.name === name) ??
    models.find(({ aliases }) => aliases.includes(name)) ??
    findByPlainName(models, name)
  )
}

const defaultApi = {
  anthropic: 'messages',
  openai: 'chat_completions',
  gemini: 'generate_content',
} as const satisfies Record<Wire, ModelApi>
