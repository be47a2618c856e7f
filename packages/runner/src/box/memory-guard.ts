import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

import { listTree, type ProcessRow } from './process-table.ts'

const mib = 1024 * 1024
const intervalMs = 250
/** x86_64 has no other; on aarch64 a kernel with larger pages makes the guard too lenient, not blind. */
const pageBytes = 4096

export interface MemoryGuardOptions {
  limitBytes: number
  /** Roots of the process trees to sum. */
  roots: () => ReadonlySet<number>
  /** Called once; the guard has then stopped. */
  onExceeded: (found: { residentBytes: number; availableBytes: number }) => void
}

/**
 * Watches what a box has in memory, from outside, since limits of the kernel are per process: a
 * thousand processes just below theirs would fill the host. Returns what stops it.
 *
 * Between two looks a box can take what the machine's cores touch in 250 ms, about 1 GB per core. A
 * delegated cgroup, where there is one, has no such gap.
 */
export function guardMemory(options: MemoryGuardOptions): () => void {
  const timer = setInterval(() => {
    const roots = options.roots()
    if (roots.size === 0) return
    const residentBytes = measureMemory(roots, options.limitBytes)
    const availableBytes = readAvailableMemory()
    if (residentBytes <= options.limitBytes && availableBytes >= memoryFloorBytes) return
    clearInterval(timer)
    options.onExceeded({ residentBytes, availableBytes })
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * What the host must have left: below it the box is stopped whatever its own measure says. There is
 * memory no process is charged for (socket buffers, pages of a shared mapping nobody has in view), and
 * only a cgroup counts it; the host must live on without one.
 */
export const memoryFloorBytes = Math.min(Math.max(totalmem() * 0.05, 256 * mib), 1024 * mib)

/** Bytes the host could still give out, page cache included. */
export function readAvailableMemory(): number {
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))
  return match === null ? Infinity : Number(match[1]) * 1024
}

/**
 * Resident bytes of the trees. Sums up resident sets, which is cheap but counts shared pages for each
 * process; only when that is above the limit it asks for proportional sets, which walks page tables.
 */
export function measureMemory(roots: ReadonlySet<number>, limitBytes: number): number {
  const tree = listTree(roots)
  const upperBound = tree.reduce((sum, row) => sum + row.residentPages * pageBytes, 0)
  if (upperBound <= limitBytes) return upperBound
  return tree.reduce((sum, row) => sum + proportionalBytes(row), 0)
}

function proportionalBytes(row: ProcessRow): number {
  try {
    const rollup = readFileSync(`/proc/${row.pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024
  } catch {
    // A program may have made itself unreadable; then it counts in full. Or it is gone.
    return row.residentPages * pageBytes
  }
}
