import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const longestCommand = 300
/** Looked at for one connection; a box may have more, and one that hides in them is not found. */
const mostProcesses = 300

/**
 * The command line of the process that has opened a connection from this port of 127.0.0.1. Undefined
 * where it is not found: it is gone, or the box has no /proc.
 */
export function findCommand(port: number): string | undefined {
  const inode = findInode(port)
  if (inode === undefined) return undefined
  const link = `socket:[${inode}]`
  const pids = readFolder('/proc').filter((name) => /^\d+$/.test(name))
  // What was started last is the likeliest.
  const pid = pids
    .toReversed()
    .slice(0, mostProcesses)
    .find((id) =>
      readFolder(`/proc/${id}/fd`).some((fd) => readLink(`/proc/${id}/fd/${fd}`) === link),
    )
  if (pid === undefined) return undefined
  const command = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  return command.slice(0, longestCommand)
}

/** The kernel's table of TCP connections has the local address second and the inode tenth (proc_net_tcp). */
function findInode(port: number): string | undefined {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readText('/proc/net/tcp').split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[1] === local) return fields[9]
  }
  return undefined
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
