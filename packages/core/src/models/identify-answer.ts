import type { Model, Settings } from '@errand/contract'
import { findByPlainName } from './find-by-plain-name.ts'
import { plainModelName } from './github-multipliers.ts'

/** Which model answered, as far as its name tells. */
export type Answerer =
  | { type: 'asked' }
  /** Another of the settings. */
  | { type: 'other'; model: Model }
  | {
      type: 'unknown'
      /** Whether the name is only longer or shorter than one of those that were asked for. */
      isVariant: boolean
      /** Whether it is a deployment of Azure that answers: what is asked for is a name of the operator's. */
      isDeployment: boolean
    }

/** What was asked for: an upstream, and the names of the model there and here. */
export interface Asked {
  upstream: string | undefined
  names: readonly (string | undefined)[]
}

/** @param answered what the model that answers calls itself */
export function identifyAnswer(
  { models, upstreams }: Pick<Settings, 'models' | 'upstreams'>,
  { upstream, names }: Asked,
  answered: string,
): Answerer {
  const plain = plainModelName(answered)
  const known = names.flatMap((name) => (name === undefined ? [] : plainModelName(name)))
  if (known.includes(plain)) return { type: 'asked' }
  const model = findByPlainName(models, answered)
  if (model !== undefined) return { type: 'other', model }
  return {
    type: 'unknown',
    isVariant: known.some((name) => plain.startsWith(name) || name.startsWith(plain)),
    isDeployment: upstream !== undefined && upstreams[upstream]?.kind === 'azure',
  }
}
