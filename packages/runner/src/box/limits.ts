import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

import type { SandboxSettings } from '@errand/contract'

import { hardLimit } from './kernel-record.ts'

const mib = 1024 * 1024

/**
 * The command that sets the limits the kernel keeps, then becomes the box's program. It runs INSIDE
 * the user namespace: there RLIMIT_NPROC counts this box alone, outside it would be shared by every
 * box of the same uid.
 *
 * @param wallClockMs how long the box may live; bounds CPU time should the runner's clock ever stall
 */
export function limitCommand(
  prlimit: string,
  settings: SandboxSettings,
  wallClockMs: number,
): string[] {
  const cpuSeconds = Math.ceil(wallClockMs / 1000) * availableParallelism()
  const limits = {
    nproc: atMost('Max processes', settings.processes),
    data: dataLimitBytes(settings),
    fsize: settings.file_size_mb * mib,
    nofile: atMost('Max open files', settings.open_files),
    cpu: Math.max(cpuSeconds, 1),
    core: 0,
    // Kernel memory that no guard can see: POSIX message queues are all but unused.
    msgqueue: 0,
  }
  return [prlimit, ...Object.entries(limits).map(([name, value]) => `--${name}=${value}`), '--']
}

/**
 * Private memory one process may map. DATA, not AS: WebAssembly and V8 reserve tens of gigabytes of
 * address space they never touch. Twice the box's memory and some more, since thread stacks and heaps
 * committed ahead count here too; what is really resident is the memory guard's business.
 */
export function dataLimitBytes(settings: SandboxSettings): number {
  return (settings.memory_mb * 2 + 512) * mib
}

/** An unprivileged process can only lower its hard limits, and the box inherits the runner's. */
function atMost(name: string, wanted: number): number {
  const hard = hardLimit(readFileSync('/proc/self/limits', 'utf8'), name)
  return hard === -1 || Number.isNaN(hard) ? wanted : Math.min(hard, wanted)
}
