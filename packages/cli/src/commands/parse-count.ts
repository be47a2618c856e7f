import { InvalidArgumentError } from 'commander'

/** How many of something there may be: a flag's whole number above 0. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
