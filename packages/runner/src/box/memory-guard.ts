import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

import { listTree, type ProcessRow, readProcess } from './process-table.ts'
import { measureSharedMappings } from './shared-memory.ts'

const mib = 1024 * 1024
const intervalMs = 250
/** Of the kernel: 4 KiB on x86_64, up to 64 KiB on aarch64. */
const pageBytes = readKilobytes(readFileSync('/proc/self/smaps', 'utf8'), 'KernelPageSize') ?? 4096

export interface MemoryGuardOptions {
  limitBytes: number
  /** Roots of the process trees to sum. */
  roots: () => ReadonlySet<number>
  /** Called once; the guard has then stopped. */
  onExceeded: (found: { residentBytes: number; availableBytes: number }) => void
  /** What the guard could not look at; it goes on. */
  onError: (error: unknown) => void
}

/**
 * Watches what a box has in memory, from outside, since limits of the kernel are per process: a
 * thousand processes just below theirs would fill the host. Returns what stops it.
 *
 * Between two looks a box can take what the machine's cores touch in 250 ms, about 1 GB per core. A
 * delegated cgroup, where there is one, has no such gap.
 */
export function guardMemory(options: MemoryGuardOptions): () => void {
  let leastShared = Infinity
  const look = (): void => {
    const roots = options.roots()
    if (roots.size === 0) return
    const host = readHostMemory()
    leastShared = Math.min(leastShared, host.sharedBytes)
    const measure = (): number =>
      measureMemory(roots, options.limitBytes, host.sharedBytes - leastShared)
    let residentBytes = measure()
    // A page that moves between processes while they are read one by one can count twice.
    if (residentBytes > options.limitBytes) residentBytes = measure()
    const { availableBytes } = host
    if (residentBytes <= options.limitBytes && availableBytes >= memoryFloorBytes) return
    clearInterval(timer)
    options.onExceeded({ residentBytes, availableBytes })
  }
  const timer = setInterval(() => {
    try {
      look()
    } catch (error) {
      options.onError(error)
    }
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * What the host must have left: below it the box is stopped whatever its own measure says. There is
 * memory no process is charged for, like what is in transit in sockets and pipes, and only a cgroup
 * counts it; the host must live on without one.
 */
export const memoryFloorBytes = Math.min(Math.max(totalmem() * 0.05, 256 * mib), 1024 * mib)

export interface HostMemory {
  /** Bytes the host could still give out, page cache included. */
  availableBytes: number
  /** Bytes in tmpfs and shared mappings, of everybody. */
  sharedBytes: number
}

export function readHostMemory(): HostMemory {
  const text = readFileSync('/proc/meminfo', 'utf8')
  return {
    availableBytes: readKilobytes(text, 'MemAvailable') ?? Infinity,
    sharedBytes: readKilobytes(text, 'Shmem') ?? 0,
  }
}

/**
 * Bytes the trees have in memory. Sums up resident sets, which is cheap but counts shared pages for
 * each process, and adds what of the growth of shared memory could be theirs; only when that is above
 * the limit it looks closer, which walks page tables.
 *
 * @param sharedGrowthBytes what everybody's shared memory has grown by since the box opened
 */
export function measureMemory(
  roots: ReadonlySet<number>,
  limitBytes: number,
  sharedGrowthBytes: number,
): number {
  const tree = listTree(roots)
  const upperBound = tree.reduce((sum, row) => sum + row.residentPages * pageBytes, 0)
  if (upperBound + sharedGrowthBytes <= limitBytes) return upperBound
  const mapped = measureSharedMappings(tree.map(({ pid }) => pid))
  const shared = Math.min(mapped, sharedGrowthBytes)
  return tree.reduce((sum, row) => sum + proportionalBytes(row), 0) + shared
}

/** Without its part of shared memory, which is counted by mapping. */
function proportionalBytes(row: ProcessRow): number {
  try {
    const rollup = readFileSync(`/proc/${row.pid}/smaps_rollup`, 'utf8')
    return (readKilobytes(rollup, 'Pss') ?? 0) - (readKilobytes(rollup, 'Pss_Shmem') ?? 0)
  } catch {
    // It is gone by now, or it made itself unreadable; then it counts in full.
    return (readProcess(row.pid)?.residentPages ?? 0) * pageBytes
  }
}

function readKilobytes(table: string, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(table)
  return match === null ? undefined : Number(match[1]) * 1024
}
