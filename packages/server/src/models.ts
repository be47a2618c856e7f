import { autoModelId, invalidField, scriptModelId } from '@errand/contract'
import * as core from '@errand/core'
import type { ServerContext } from './context.ts'

/** The model a session runs on, the agent that runs it, and why where `auto` chose it. */
export interface ResolvedModel {
  id: string
  agent: string
  reason?: string
}

export interface ModelRequest {
  /** What the caller wrote in `model`, if anything. */
  requested: string | undefined
  /** What the custom agent names, if anything. */
  ofCustomAgent?: string | undefined
  prompt: string
  /** Where and by whom it is to be used. Absent: where that is not known yet, nothing is held against it. */
  subject?: Omit<core.BudgetSubject, 'task'>
  /** The task's own bound of the multiplier. */
  maxMultiplier?: number | undefined
}

/**
 * The model a session runs on: the request's, else the custom agent's, else `auto` (behaviour.md 3.4,
 * 5; the rule is docs/models.md).
 *
 * @throws ErrandError validation_failed in words that clients match on (behaviour.md 1.7).
 */
export async function resolveModel(
  context: Pick<ServerContext, 'settings' | 'store'>,
  request: ModelRequest,
): Promise<ResolvedModel> {
  const { settings } = context
  const { requested, ofCustomAgent, subject, maxMultiplier } = request
  const offered = await core.offeredModels(settings, subject, maxMultiplier)
  const asked = requested === autoModelId ? undefined : requested
  const wanted = asked ?? ofCustomAgent ?? autoModelId
  if (wanted === autoModelId) return await chooseModel(context, offered, request)
  const found = [...offered, core.scriptModel].find(
    ({ id, aliases }) => id === wanted || aliases.includes(wanted),
  )
  const whose =
    asked === undefined ? ' (the custom agent names it; send `model` to choose another)' : ''
  const others = `; these are: ${namesOf(offered)}`
  if (found === undefined) {
    throw invalidField('model', `model '${wanted}' is not supported${whose}${others}`)
  }
  if (found.unavailable !== undefined) {
    const why = `: ${found.unavailable}`
    throw invalidField('model', `model '${wanted}' is not supported here${whose}${why}${others}`)
  }
  return { id: found.id, agent: found.agent }
}

async function chooseModel(
  { settings, store }: Pick<ServerContext, 'settings' | 'store'>,
  offered: readonly core.OfferedModel[],
  { prompt }: ModelRequest,
): Promise<ResolvedModel> {
  if (offered.length === 0) {
    throw invalidField(
      'model',
      "model 'auto' is not supported: no model is configured. Set ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY or OPENAI_BASE_URL where the server runs, or list `models` in errand.yml; model 'script' runs the shell block of the prompt and needs none",
    )
  }
  const failing = await core.failingUpstreams(store)
  const upstreamOf = new Map(settings.models.map(({ id, upstream }) => [id, upstream]))
  const isHealthy = (id: string): boolean => !failing.has(upstreamOf.get(id) ?? '')
  const choice = await core.chooseModel(settings, offered, prompt, isHealthy)
  if (choice === undefined) {
    throw invalidField(
      'model',
      `model 'auto' is not supported here: no model of at most ${core.autoMultiplierLimit}x may be used; these are: ${namesOf(offered)}`,
    )
  }
  return { id: choice.model.id, agent: choice.model.agent, reason: choice.reason }
}

function namesOf(offered: readonly core.OfferedModel[]): string {
  const usable = offered.filter(({ unavailable }) => unavailable === undefined)
  return [...usable.map(({ id }) => id), scriptModelId].join(', ')
}
