import type { BudgetState, UsageReport } from '@errand/contract'
import type { Paint } from '../terminal/colours.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import { formatCredits } from './campaign.ts'
import { csvCell } from './csv-cell.ts'

const barWidth = 24
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A table with a bar for each row, as long as its share of the dearest one. */
export function presentUsage(report: UsageReport, paint: Paint, columns: number): string {
  const { by, since, until, usage, total, budgets } = report
  const heading = `${formatCredits(total.usage.amount)} from ${since} to ${until}`
  const sums = `${count(total.sessions, 'session')}, ${count(total.requests, 'request')}, ${tokens(total.input_tokens)} tokens in, ${tokens(total.output_tokens)} out`
  const most = Math.max(0, ...usage.map((row) => row.usage.amount))
  const rows = usage.map((row) => [
    printableLine(row.key),
    paint('cyan', bar(most === 0 ? 0 : row.usage.amount / most)),
    formatCredits(row.usage.amount).replace(' AI credits', ''),
    count(row.sessions, 'session'),
    `${tokens(row.input_tokens)} in`,
    `${tokens(row.output_tokens)} out`,
  ])
  const table = rows.length === 0 ? 'Nothing was used.' : `by ${by}\n${formatTable(rows, columns)}`
  return [
    paint('bold', heading),
    paint('dim', sums),
    '',
    table,
    ...budgets.map((budget) => `\n${presentBudget(budget, paint)}`),
  ].join('\n')
}

function presentBudget({ scope, name, spent, ...budget }: BudgetState, paint: Paint): string {
  const share = budget.ai_credits === 0 ? 1 : spent.amount / 1e9 / budget.ai_credits
  const style = share >= 1 ? 'red' : share >= 0.8 ? 'yellow' : 'green'
  const percent = `${Math.floor(100 * share)} %`
  const kind = budget.prevent_further_usage ? '' : ', which only warns'
  return `${paint(style, bar(Math.min(1, share)).padEnd(barWidth, '░'))} ${percent} of the ${budget.ai_credits} AI credits a month of ${scope} ${printableLine(name)}${kind}`
}

/** As CSV, with amounts in AI credits and every digit of them. */
export function usageAsCsv({ by, usage }: UsageReport): string {
  const columns = [
    'sessions',
    'requests',
    'input_tokens',
    'cached_input_tokens',
    'cache_write_tokens',
    'output_tokens',
    'reasoning_tokens',
  ] as const
  const rows = usage.map((row) => [
    csvCell(row.key),
    ...columns.map((column) => String(row[column])),
    row.ai_credits,
  ])
  return [[by, ...columns, 'ai_credits'], ...rows].map((row) => `${row.join(',')}\n`).join('')
}

function bar(share: number): string {
  const parts = Math.round(share * barWidth * 8)
  return '█'.repeat(parts >> 3) + (eighths[parts & 7] ?? '')
}

function tokens(number: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(
    number,
  )
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
