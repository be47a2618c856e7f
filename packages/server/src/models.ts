import {
  apiBetween,
  autoModelId,
  builtinAgents,
  invalidField,
  scriptModelId,
  type Settings,
  spokenModel,
} from '@errand/contract'
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
  /** What the caller wrote in `agent`, if anything. Default: the agent of the model. */
  agent?: string | undefined
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
  const { requested, ofCustomAgent, subject, maxMultiplier, agent } = request
  if (agent !== undefined) requireAgent(settings, agent)
  const offered = await core.offeredModels(settings, subject, maxMultiplier)
  const asked = requested === autoModelId ? undefined : requested
  // The script agent needs no model, and takes no other than none.
  const ofAgent = agent === scriptModelId && asked === undefined ? scriptModelId : undefined
  const wanted = asked ?? ofAgent ?? ofCustomAgent ?? autoModelId
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
  if (agent === undefined) return { id: found.id, agent: found.agent }
  const fitting = modelsOf(settings, agent, [...offered, core.scriptModel])
  if (!fitting.includes(found)) {
    throw invalidField(
      'agent',
      `agent '${agent}' cannot work with model '${found.id}'${whose}; those it can work with are: ${listOf(fitting) || 'none'}`,
    )
  }
  return { id: found.id, agent }
}

/** @throws ErrandError validation_failed that names the agents there are. */
export function requireAgent({ agents }: Settings, agent: string): void {
  const known = [...new Set([...builtinAgents, ...Object.keys(agents)])]
  if (known.includes(agent)) return
  throw invalidField('agent', `agent '${agent}' is not known; these are: ${known.join(', ')}`)
}

/** The models an agent can speak to. */
function modelsOf(
  { agents, models, upstreams }: Settings,
  agent: string,
  offered: readonly core.OfferedModel[],
): core.OfferedModel[] {
  return offered.filter(({ id }) => {
    if (id === scriptModelId || agent === scriptModelId) return id === agent
    const model = models.find((one) => one.id === id)
    const upstream = model && upstreams[model.upstream]
    return upstream && apiBetween(agents[agent], spokenModel(model, upstream)) !== undefined
  })
}

async function chooseModel(
  { settings, store }: Pick<ServerContext, 'settings' | 'store'>,
  all: readonly core.OfferedModel[],
  { prompt, agent }: ModelRequest,
): Promise<ResolvedModel> {
  if (all.length === 0) {
    throw invalidField(
      'model',
      "model 'auto' is not supported: no model is configured. Set ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY or OPENAI_BASE_URL where the server runs, or list `models` in errand.yml; model 'script' runs the shell block of the prompt and needs none",
    )
  }
  const offered = agent === undefined ? all : modelsOf(settings, agent, all)
  if (offered.length === 0) {
    throw invalidField(
      'agent',
      `agent '${agent ?? ''}' can work with none of the models: ${namesOf(all)}`,
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
  return { id: choice.model.id, agent: agent ?? choice.model.agent, reason: choice.reason }
}

function namesOf(offered: readonly core.OfferedModel[]): string {
  return [listOf(offered), scriptModelId].filter((part) => part !== '').join(', ')
}

function listOf(offered: readonly core.OfferedModel[]): string {
  const usable = offered.filter(({ unavailable }) => unavailable === undefined)
  return usable.map(({ id }) => id).join(', ')
}
