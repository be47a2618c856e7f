import { cellWidth, fitCells } from '../terminal/cell-width.ts'
import type { Paint } from '../terminal/colours.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Group } from './count-progress.ts'

/** One repository of a campaign, as the table on a terminal shows it. Texts may be anybody's. */
export interface LiveRow {
  repository: string
  group: Group
  /** Number and state of the pull request: `#7 draft`. */
  pull?: string
  checks?: string
  cost?: string
  time?: string
  /** What it asks, or why it failed. */
  note?: string
}

export interface Window {
  columns: number
  rows: number
  paint: Paint
}

/** Who needs somebody comes first, then what goes on, then what may be forgotten. */
const urgency = [
  'waiting_for_user',
  'failed',
  'timed_out',
  'refused',
  'in_progress',
  'sending',
  'queued',
  'planned',
  'completed',
  'cancelled',
  'skipped',
] as const satisfies readonly Group[]

const styles = {
  planned: 'dim',
  sending: 'cyan',
  queued: 'cyan',
  in_progress: 'yellow',
  waiting_for_user: 'magenta',
  completed: 'green',
  failed: 'red',
  timed_out: 'red',
  cancelled: 'dim',
  refused: 'red',
  skipped: 'dim',
} as const satisfies Record<Group, string>

const headings = {
  repository: 'REPOSITORY',
  group: 'STATE',
  pull: 'PULL REQUEST',
  checks: 'CHECKS',
  cost: 'COST',
  time: 'TIME',
  note: '',
} as const satisfies Record<keyof LiveRow, string>
type Column = keyof typeof headings
const order = Object.keys(headings) as Column[]
/** What a narrow window does without, the first one first. */
const dispensable: readonly Column[] = ['note', 'cost', 'checks', 'time', 'pull']
const gap = 2
const narrowestNote = 12

/**
 * The table of a campaign within a window: those that need somebody first, and what does not fit as a
 * count. No line is wider than the window, and there are fewer than it has rows.
 */
export function layoutLiveTable(
  all: readonly LiveRow[],
  totals: readonly string[],
  { columns, rows, paint }: Window,
): string[] {
  const room = Math.max(1, rows - 1)
  // Less than this has no place for two columns.
  if (columns < 5) return []
  const below = totals.map((line) => fitCells(printableLine(line), columns).trimEnd())
  const sorted = all.toSorted((a, b) => urgency.indexOf(a.group) - urgency.indexOf(b.group))
  // A heading, the rows, how many more there are, and the totals below.
  const space = Math.max(0, room - 1 - below.length)
  const shown = sorted.length <= space ? sorted : sorted.slice(0, Math.max(0, space - 1))
  const more = sorted.length - shown.length
  const cells = shown.map((row) => cellsOf(row))
  const widths = widthsOf([headings, ...cells], columns)
  const lines = [
    paint('dim', rowOf(headings, widths)),
    ...shown.map((row, index) =>
      rowOf(cells[index] ?? headings, widths, (text) => paint(styles[row.group], text)),
    ),
    ...(more > 0 ? [fitCells(`and ${more} more`, columns).trimEnd()] : []),
    ...below,
  ]
  return lines.slice(-room)
}

type Cells = Readonly<Record<Column, string>>

function cellsOf(row: LiveRow): Cells {
  const text = (column: Column): string => printableLine(row[column] ?? '')
  return {
    repository: text('repository'),
    group: row.group.replaceAll('_', ' '),
    pull: text('pull'),
    checks: text('checks'),
    cost: text('cost'),
    time: text('time'),
    note: text('note'),
  }
}

/** Columns that are left, with their widths: the note takes what is over, the name gives what lacks. */
function widthsOf(rows: readonly Cells[], columns: number): Map<Column, number> {
  const widths = new Map<Column, number>()
  for (const column of order) {
    const width = Math.max(...rows.map((row) => cellWidth(row[column])))
    const isEmpty = rows.slice(1).every((row) => row[column] === '')
    if (!isEmpty || column === 'repository' || column === 'group') widths.set(column, width)
  }
  const total = (): number => [...widths.values()].reduce((sum, width) => sum + width + gap, -gap)
  const note = widths.get('note')
  if (note !== undefined) {
    const left = note - Math.max(0, total() - columns)
    if (left >= Math.min(note, narrowestNote)) widths.set('note', left)
    else widths.delete('note')
  }
  const name = widths.get('repository') ?? 0
  const shortest = Math.min(name, 16)
  for (const column of dispensable) {
    if (total() - (name - shortest) <= columns) break
    widths.delete(column)
  }
  widths.set('repository', Math.max(1, name - Math.max(0, total() - columns)))
  const group = widths.get('group') ?? 0
  widths.set('group', Math.max(0, group - Math.max(0, total() - columns)))
  return widths
}

function rowOf(
  cells: Cells,
  widths: ReadonlyMap<Column, number>,
  paintState: (text: string) => string = (text) => text,
): string {
  const texts = [...widths].map(([column, width]) => {
    const text = fitCells(cells[column], width)
    return column === 'group' ? paintState(text) : text
  })
  return texts.join(' '.repeat(gap)).trimEnd()
}
