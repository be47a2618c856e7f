import type { Model } from '@errand/contract'
import { plainModelName } from './github-multipliers.ts'

/** The model that is known by this name, here or at its upstream, whoever serves it. */
export function findByPlainName(models: readonly Model[], name: string): Model | undefined {
  const plain = plainModelName(name)
  return models.find((model) =>
    [model.id, model.name].some((one) => one !== undefined && plainModelName(one) === plain),
  )
}
