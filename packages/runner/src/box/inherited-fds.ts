import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const closeOnExec = 0o2000000

export interface InheritedFd {
  fd: number
  /** What it is open on, like `/var/log/server.log` or `pipe:[17]`. */
  file: string
}

/**
 * File descriptors that a program started by a process would inherit unasked: those it got itself from
 * whoever started it (a supervisor's pipe, a CI's log). Node marks its own, and those it inherits up to
 * the first gap, as not to be inherited; a box must get none of the rest either.
 */
export function listInheritedFds(pid: number | 'self'): InheritedFd[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((name) => ({ fd: Number(name), ...readFd(pid, name) }))
    .filter(({ fd, flags }) => fd > 2 && (flags & closeOnExec) === 0)
    .map(({ fd, file }) => ({ fd, file }))
}

function readFd(pid: number | 'self', fd: string): { flags: number; file: string } {
  try {
    const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')
    const flags = parseInt(/^flags:\s+([0-7]+)/m.exec(info)?.[1] ?? '', 8)
    return { flags, file: readlinkSync(`/proc/${pid}/fd/${fd}`) }
  } catch {
    return { flags: closeOnExec, file: '' } // closed since it was listed
  }
}
