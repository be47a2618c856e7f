import { readdirSync, readFileSync } from 'node:fs'

/** A process as /proc/pid/stat has it. */
export interface ProcessRow {
  pid: number
  parent: number
  /** Resident set in pages; pages shared with other processes count in each. */
  residentPages: number
}

/** The process, or nothing if there is none alive: a zombie has no memory and does nothing. */
export function readProcess(pid: number): ProcessRow | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined // ENOENT or ESRCH: it is gone
  }
  // The command name, in brackets, may hold anything, brackets and line ends too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  if (state === 'Z' || state === 'X') return undefined
  return { pid, parent: Number(parent), residentPages: Number(fields[21]) }
}

/**
 * The processes that descend from `roots`, these included. A process cannot leave its tree: the first
 * one in the box adopts every orphan there.
 *
 * Reads all of /proc, since a list of a process's children may leave some out while others come and
 * go, and a box decides itself how many do.
 */
export function listTree(roots: ReadonlySet<number>): ProcessRow[] {
  const children = Map.groupBy(sampleProcesses(), (row) => row.parent)
  const tree: ProcessRow[] = []
  const queue = [...roots].map(readProcess).filter((row) => row !== undefined)
  for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
    tree.push(row)
    queue.push(...(children.get(row.pid) ?? []))
  }
  return tree
}

/** @throws Error if the process has no child: a box always has one while the launcher waits */
export function findChild(parent: number): number {
  const child = listProcesses().find((row) => row.parent === parent)
  if (child === undefined) throw new Error('the first process of the box has no child')
  return child.pid
}

let sample: { takenAt: number; rows: ProcessRow[] } = { takenAt: -Infinity, rows: [] }

/**
 * All processes, as of a tenth of a second ago at most. One sample serves the guards of all boxes: it
 * takes some 15 microseconds for each process of the host.
 */
function sampleProcesses(): ProcessRow[] {
  const now = performance.now()
  if (now - sample.takenAt > 100) sample = { takenAt: now, rows: listProcesses() }
  return sample.rows
}

function listProcesses(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => name.charCodeAt(0) <= 57) // '9': the names of processes are digits
    .map((pid) => readProcess(Number(pid)))
    .filter((row) => row !== undefined)
}
