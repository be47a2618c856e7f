import { autoModelId, invalidField, scriptModelId, type Settings } from '@errand/contract'

/** A model a task may name, and the agent that runs it. */
export interface OfferedModel {
  id: string
  agent: string
  is_default: boolean
}

/** The models of the settings whose upstream is there, and `script`, which needs none. */
export function offeredModels(settings: Settings): OfferedModel[] {
  const models = settings.models.filter((model) => model.upstream in settings.upstreams)
  return [
    ...models.map((model, place) => ({
      id: model.id,
      agent: model.agent,
      is_default: place === 0,
    })),
    { id: scriptModelId, agent: 'script', is_default: false },
  ]
}

/**
 * The model a session runs on: the request's, else the custom agent's, else `auto`, which is the
 * first that is configured (behaviour.md 3.4).
 *
 * @throws ErrandError validation_failed in words that clients match on (behaviour.md 1.7).
 */
export function resolveModel(
  settings: Settings,
  requested: string | undefined,
  ofCustomAgent?: string,
): { id: string; agent: string } {
  const offered = offeredModels(settings)
  const asked = requested === autoModelId ? undefined : requested
  const wanted = asked ?? ofCustomAgent ?? autoModelId
  const found =
    wanted === autoModelId
      ? offered.find((model) => model.is_default)
      : offered.find((model) => model.id === wanted)
  if (found !== undefined) return { id: found.id, agent: found.agent }
  if (wanted === autoModelId) {
    throw invalidField(
      'model',
      "model 'auto' is not supported: no model is configured. Set ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY or OPENAI_BASE_URL where the server runs, or list `models` in errand.yml; model 'script' runs the shell block of the prompt and needs none",
    )
  }
  const list = offered.map((model) => model.id).join(', ')
  const whose =
    asked === undefined ? ' (the custom agent names it; send `model` to choose another)' : ''
  throw invalidField('model', `model '${wanted}' is not supported${whose}; these are: ${list}`)
}
