import type { Behaviour } from './behaviours.ts'
import type { Outcome } from './run-task.ts'

export interface Row extends Outcome {
  behaviour?: Behaviour
  /** What was not as it has to be. */
  fault?: string
}

export const scriptedNotice =
  'No model quality was measured: a scripted model played fixed answers. What was checked is the loop: edits applied, loops ended, budgets kept.'

/** What a run found, for a terminal. */
export function presentRows(rows: readonly Row[], isScripted: boolean): string {
  const header = [
    'task',
    ...(isScripted ? ['played'] : []),
    'state',
    'solved',
    'credits',
    'steps',
    'seconds',
  ]
  const lines = rows.map((row) => [
    row.id,
    ...(isScripted ? [row.behaviour ?? ''] : []),
    row.state,
    row.solved ? 'yes' : 'no',
    row.credits.toFixed(2),
    String(row.steps),
    row.seconds.toFixed(1),
  ])
  const widths = header.map((_, at) =>
    Math.max(...[header, ...lines].map((line) => (line[at] ?? '').length)),
  )
  const table = [header, ...lines].map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...table, '', ...conclusion(rows, isScripted)].join('\n')
}

function conclusion(rows: readonly Row[], isScripted: boolean): string[] {
  if (isScripted) {
    const faults = rows.filter(({ fault }) => fault !== undefined)
    return [
      ...faults.map(({ id, behaviour, fault }) => `${id}, ${behaviour}: ${fault}`),
      `${rows.length - faults.length} of ${rows.length} runs ended as they have to.`,
      scriptedNotice,
    ]
  }
  const { solved, credits, steps } = totalsOf(rows)
  const each = rows.length === 0 ? 0 : steps / rows.length
  return [
    `${solved} of ${rows.length} solved, ${credits.toFixed(2)} AI credits, ${each.toFixed(1)} steps a task.`,
  ]
}

export function totalsOf(rows: readonly Row[]) {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    tasks: rows.length,
    solved: rows.filter(({ solved }) => solved).length,
    credits: sum(({ credits }) => credits),
    steps: sum(({ steps }) => steps),
  }
}
