import { InvalidArgumentError } from 'commander'

/** An amount of AI credits: a number above 0, fractions too. */
export function parseCredits(text: string): number {
  const credits = Number(text)
  if (Number.isFinite(credits) && credits > 0) return credits
  throw new InvalidArgumentError('It must be a number of AI credits above 0.')
}
