import { type BudgetScope, type Settings, scriptModelId } from '@errand/contract'
import { priceListOf } from '../prices/price-list.ts'
import type { BudgetSubject } from '../spending/budgets.ts'
import { findNamed } from '../spending/budgets.ts'
import { findByPlainName } from './find-by-plain-name.ts'
import { githubMultipliers, plainModelName, usualOutputPrice } from './github-multipliers.ts'

/** How dear models are beside a usual one. */
export interface Multipliers {
  /** Of a configured model: its own, else GitHub's, else by its price; unknown ones are the dearest. */
  of(modelId: string): number
  /**
   * Of the model that answered, by the name it gave itself, for a request to `modelId`. A name that
   * is only longer or shorter is the same model; one that nobody knows is the dearest.
   */
  ofAnswer(modelId: string, answered: string): number
}

const known = new WeakMap<Settings, Promise<Multipliers>>()

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
    return Math.round((price.output / usualOutputPrice) * 100) / 100
  }

  const dearest = Math.max(1, ...[...byId.values()].map((multiplier) => multiplier ?? 0))
  const of = (modelId: string): number =>
    modelId === scriptModelId ? 0 : (byId.get(modelId) ?? dearest)
  return {
    of,
    ofAnswer(modelId, answered) {
      const asked = settings.models.find(({ id }) => id === modelId)
      const names = [asked?.name, asked?.id].flatMap((name) => name ?? []).map(plainModelName)
      const plain = plainModelName(answered)
      if (names.some((name) => name === plain)) return of(modelId)
      const other = findByPlainName(settings.models, answered)
      if (other !== undefined) return of(other.id)
      const listed = githubMultipliers[plain]
      if (listed !== undefined) return listed
      const isSame = names.some((name) => plain.startsWith(name) || name.startsWith(plain))
      return isSame ? of(modelId) : dearest
    },
  }
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
