import type { Session } from '@errand/contract'

type Usage = NonNullable<Session['usage']>

/** `0.42 credits` or `3 requests`. Credits are counted in nano units. */
export function describeCost({ type, amount }: Usage): string {
  if (type === 'premium_requests') return `${amount} requests`
  return `${creditsOf(amount).toFixed(2)} credits`
}

export function creditsOf(nano: number): number {
  return nano / 1e9
}

/** Of those that are known, of each kind; sums are made before they are divided. */
export function sumCosts(all: Iterable<{ usage?: Session['usage'] }>): string {
  const sums = new Map<Usage['type'], number>()
  for (const { usage } of all) {
    if (usage !== undefined) sums.set(usage.type, (sums.get(usage.type) ?? 0) + usage.amount)
  }
  return [...sums].map(([type, amount]) => describeCost({ type, amount })).join(', ')
}
