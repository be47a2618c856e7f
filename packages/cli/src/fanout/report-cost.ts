import type { ReportRow } from './report.ts'

type Cost = Pick<ReportRow, 'ai_credits' | 'premium_requests'>

/** `0.42 credits`, `3 requests`, or nothing where it is not known. */
export function describeRowCost({ ai_credits: credits, premium_requests: requests }: Cost): string {
  if (credits !== null) return `${credits.toFixed(2)} credits`
  return requests === null ? '' : `${requests} requests`
}

/** The sum of what is known. */
export function summarizeCost(rows: readonly Cost[]): string {
  const sum = (key: keyof Cost): number | null =>
    rows.every((row) => row[key] === null)
      ? null
      : rows.reduce((total, row) => total + (row[key] ?? 0), 0)
  const parts = [
    describeRowCost({ ai_credits: sum('ai_credits'), premium_requests: null }),
    describeRowCost({ ai_credits: null, premium_requests: sum('premium_requests') }),
  ]
  return parts.filter((part) => part !== '').join(', ')
}
