import { readdirSync, readFileSync } from 'node:fs'

const closeOnExec = 0o2000000

/**
 * File descriptors that a program started now would inherit unasked: those this process got from
 * whoever started it (a supervisor's pipe, a CI's log). Node marks its own, and those it inherits up to
 * the first gap, as not to be inherited; a box must get none of the rest either.
 */
export function listInheritedFds(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && (readFlags(fd) & closeOnExec) === 0)
}

function readFlags(fd: number): number {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
    return parseInt(/^flags:\s+([0-7]+)/m.exec(info)?.[1] ?? '', 8)
  } catch {
    return closeOnExec // closed since it was listed, like the one the list was read through
  }
}
