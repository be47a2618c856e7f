import { type Model, type Settings, scriptModelId } from '@errand/contract'
import { priceListOf } from '../prices/price-list.ts'
import type { BudgetSubject } from '../spending/budgets.ts'
import { multiplierLimitFor, multipliersOf } from './multipliers.ts'

/** Dearer models are never chosen by `auto` (behaviour.md 5). */
export const autoMultiplierLimit = 1

/** A model, and whether it may be used somewhere. */
export interface OfferedModel {
  id: string
  aliases: string[]
  agent: string
  multiplier: number
  /** Why it may not be used; absent where it may. */
  unavailable?: string
}

/** The models of the settings whose upstream is there. What bounds nobody in particular bounds nobody. */
export async function offeredModels(
  settings: Settings,
  subject?: Omit<BudgetSubject, 'task'>,
  maxMultiplier = Number.POSITIVE_INFINITY,
): Promise<OfferedModel[]> {
  const multipliers = await multipliersOf(settings)
  const ofSubject =
    subject === undefined ? Number.POSITIVE_INFINITY : multiplierLimitFor(settings, subject)
  const limit = Math.min(maxMultiplier, ofSubject)
  const models = settings.models.filter((model) => model.upstream in settings.upstreams)
  return models.map((model) => {
    const multiplier = multipliers.of(model.id)
    const unavailable = whyNot(model, multiplier, limit, subject)
    return {
      id: model.id,
      aliases: model.aliases,
      agent: model.agent,
      multiplier,
      ...(unavailable === undefined ? {} : { unavailable }),
    }
  })
}

function whyNot(
  { owners }: Model,
  multiplier: number,
  limit: number,
  subject: Omit<BudgetSubject, 'task'> | undefined,
): string | undefined {
  const owner = subject?.owner.login
  if (owner !== undefined && owners !== undefined) {
    const isAllowed = owners.some((one) => one.toLowerCase() === owner.toLowerCase())
    if (!isAllowed) return `it is not for repositories of ${owner}`
  }
  if (multiplier > limit) return `its multiplier is ${multiplier}, and ${limit} is the most allowed`
  return undefined
}

/** Which model `auto` is, and why, in words for the log of the task. */
export interface AutoChoice {
  model: OfferedModel
  reason: string
}

/**
 * The rule of `auto`: of the models that may be used here and are at most 1x, those whose upstream
 * answers first; of these the cheapest for a simple prompt, else the first of the settings.
 *
 * @param isHealthy whether a model's upstream answered when it was last asked
 */
export async function chooseModel(
  settings: Settings,
  offered: readonly OfferedModel[],
  prompt: string,
  isHealthy: (modelId: string) => boolean,
): Promise<AutoChoice | undefined> {
  const may = offered.filter(
    ({ unavailable, multiplier }) => unavailable === undefined && multiplier <= autoMultiplierLimit,
  )
  const healthy = may.filter(({ id }) => isHealthy(id))
  const candidates = healthy.length > 0 ? healthy : may
  const simple = simpleRuleOf(settings, prompt)
  const [first] = simple === undefined ? candidates : await cheapestFirst(settings, candidates)
  if (first === undefined) return undefined
  const kind =
    simple === undefined
      ? 'the first model that may be used'
      : `the cheapest model that may be used, as the prompt is simple (${simple})`
  const left = may.length - candidates.length
  const health = left === 0 ? '' : `; ${left} left out, as their upstreams do not answer`
  return { model: first, reason: `auto: ${kind}, at ${first.multiplier}x${health}` }
}

/** The pattern by which a prompt is simple: by its first line, as the rest may quote anything. */
function simpleRuleOf(settings: Settings, prompt: string): string | undefined {
  const [line = ''] = prompt.trimStart().split('\n', 1)
  const start = line.slice(0, 500)
  return settings.auto_model.simple_prompts.find((rule) => new RegExp(rule, 'i').test(start))
}

/** Those whose price nobody knows come last; equal ones stay in their order. */
export async function cheapestFirst<T extends { id: string }>(
  settings: Settings,
  models: readonly T[],
): Promise<T[]> {
  const prices = await priceListOf(settings)
  // Agents read about ten tokens for one they write.
  const costOf = ({ id }: T): number => {
    const price = prices.priceOf(id)
    return price === undefined ? Number.POSITIVE_INFINITY : 10 * price.input + price.output
  }
  return models.toSorted((a, b) => {
    const [left, right] = [costOf(a), costOf(b)]
    return left === right ? 0 : left - right
  })
}

/** What needs no model and costs nothing. */
export const scriptModel: OfferedModel = {
  id: scriptModelId,
  aliases: [],
  agent: scriptModelId,
  multiplier: 0,
}
