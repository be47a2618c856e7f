import { type BudgetScope, type Settings, scriptModelId } from '@errand/contract'
import { priceListOf } from '../prices/price-list.ts'
import type { BudgetSubject } from '../spending/budgets.ts'
import { findNamed } from '../spending/budgets.ts'
import { githubMultipliers, plainModelName, usualOutputPrice } from './github-multipliers.ts'
import { identifyAnswer } from './identify-answer.ts'

/** How dear models are beside a usual one. */
export interface Multipliers {
  /** Of a configured model: its own, else GitHub's, else by its price; unknown ones are the dearest. */
  of(modelId: string): number
  /**
   * Of the model that answered, by the name it gave itself, for a request to `modelId`: of another that is
   * configured, GitHub's, or by its list price. A name that nobody lists and that is only longer or shorter is the same
   * model; any other that nobody knows is the dearest. A deployment of Azure has a name of the operator's: where they
   * have set its multiplier, that holds for whichever name it answers by.
   */
  ofAnswer(modelId: string, answered: string): number
}

const known = new WeakMap<Settings, Promise<Multipliers>>()
const mostKept = 1000

export async function multipliersOf(settings: Settings): Promise<Multipliers> {
  const found = known.get(settings) ?? readMultipliers(settings)
  known.set(settings, found)
  return await found
}

async function readMultipliers(settings: Settings): Promise<Multipliers> {
  const prices = await priceListOf(settings)
  const byId = new Map(settings.models.map((model) => [model.id, ownMultiplier(model)]))

  function ownMultiplier(model: Settings['models'][number]): number | undefined {
    if (model.multiplier !== undefined) return model.multiplier
    const listed = githubMultipliers[plainModelName(model.name ?? model.id)]
    if (listed !== undefined && model.price === undefined) return listed
    const price = prices.priceOf(model.id)
    if (price === undefined) return listed
    return multiplierOf(price.output)
  }

  const dearest = Math.max(1, ...[...byId.values()].map((multiplier) => multiplier ?? 0))
  const of = (modelId: string): number =>
    modelId === scriptModelId ? 0 : (byId.get(modelId) ?? dearest)
  const answers = new Map<string, number>()
  return {
    of,
    ofAnswer(modelId, answered) {
      const key = JSON.stringify([modelId, answered])
      const found = answers.get(key) ?? findOfAnswer(modelId, answered)
      // Upstreams choose the names: however many they think of, few are kept.
      if (answers.size < mostKept) answers.set(key, found)
      return found
    },
  }

  function findOfAnswer(modelId: string, answered: string): number {
    const model = settings.models.find(({ id }) => id === modelId)
    const asked = { upstream: model?.upstream, names: [model?.name, model?.id] }
    const found = identifyAnswer(settings, asked, answered)
    if (found.type === 'asked') return of(modelId)
    if (found.type === 'other') return of(found.model.id)
    if (model?.multiplier !== undefined && found.isDeployment) return of(modelId)
    const listed = githubMultipliers[plainModelName(answered)]
    if (listed !== undefined) return listed
    const price = prices.listedOutput(modelId, answered)
    if (price === undefined) return found.isVariant ? of(modelId) : dearest
    const isSame = price === prices.listedOutput(modelId, model?.name ?? modelId)
    return isSame && found.isVariant ? of(modelId) : multiplierOf(price)
  }
}

function multiplierOf(outputPrice: number): number {
  return Math.round((outputPrice / usualOutputPrice) * 100) / 100
}

/** The dearest multiplier somebody's requests may have, the task's own left out. */
export function multiplierLimitFor(
  settings: Pick<Settings, 'multiplier_limits'>,
  { owner, repository, user }: Omit<BudgetSubject, 'task'>,
): number {
  const names = { organization: owner.login, repository: repository.full_name, user: user.login }
  const limits = (['organization', 'repository', 'user'] satisfies BudgetScope[]).map(
    (scope) => findNamed(settings.multiplier_limits, scope, names[scope])?.max_multiplier,
  )
  return Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY))
}
