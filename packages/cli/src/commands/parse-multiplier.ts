import { InvalidArgumentError } from 'commander'

/** How dear a model is beside a usual one: 0 or more, like 0.33. */
export function parseMultiplier(text: string): number {
  const multiplier = Number(text)
  if (text.trim() !== '' && Number.isFinite(multiplier) && multiplier >= 0) return multiplier
  throw new InvalidArgumentError('It must be a multiplier of 0 or more, like 0.33.')
}
