import { randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

import type { SandboxSettings } from '@errand/contract'

import type { HostTools } from './host-tools.ts'

const mib = 1024 * 1024
const wantedControllers = ['memory', 'pids']

/** The control group of one box: the kernel itself keeps the sum of its memory and its processes. */
export interface BoxCgroup {
  path: string
  /** Whether the kernel ended the box for want of memory. */
  ranOutOfMemory(): boolean
  /** Only once nothing runs in it any more. */
  remove(): void
}

/**
 * The folder in which this process may make control groups, or nothing. That is the case under a
 * systemd unit with `Delegate=memory pids` and `DelegateSubgroup=runner`: the runner then sits in a
 * subgroup of the unit's group, and may give itself neighbours there (systemd's CGROUP_DELEGATION.md).
 * A group that is itself a unit is not ours to divide, though root could write to it.
 *
 * Built to the kernel's cgroup-v2.rst; it was not tried on a machine that delegates.
 *
 * @param root where cgroup2 is mounted; the hybrid layout, which has no controllers there, is left out
 */
export function findDelegation(root: string, ownCgroup: string): string | undefined {
  const own = /^0::(\/.+)$/m.exec(ownCgroup)?.[1]
  if (own === undefined || /\.(service|scope|slice)$/.test(basename(own))) return undefined
  const parent = join(root, dirname(own))
  try {
    const controllers = readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8')
      .trim()
      .split(' ')
    accessSync(parent, constants.W_OK)
    accessSync(join(parent, 'cgroup.procs'), constants.W_OK)
    return wantedControllers.every((name) => controllers.includes(name)) ? parent : undefined
  } catch {
    return undefined // not there, or not ours
  }
}

/** The same for this process on this machine. */
export function findOwnDelegation(): string | undefined {
  return findDelegation('/sys/fs/cgroup', readFileSync('/proc/self/cgroup', 'utf8'))
}

/** Makes a group with the box's limits. */
export function createBoxCgroup(delegation: string, settings: SandboxSettings): BoxCgroup {
  const path = join(delegation, `errand-box-${randomUUID()}`)
  mkdirSync(path)
  const set = (name: string, value: number): void => writeFileSync(join(path, name), `${value}\n`)
  set('memory.max', settings.memory_mb * mib)
  // Else the box would go on at the cost of the host's swap. Absent on a kernel without swap.
  if (existsSync(join(path, 'memory.swap.max'))) set('memory.swap.max', 0)
  // All or nothing: a box that lost one process at random would fail in ways nobody understands.
  set('memory.oom.group', 1)
  // Bubblewrap's own two, beside what RLIMIT_NPROC allows.
  set('pids.max', settings.processes + 2)
  return {
    path,
    ranOutOfMemory() {
      const events = readFileSync(join(path, 'memory.events'), 'utf8')
      return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0) > 0
    },
    remove: () => rmdirSync(path),
  }
}

/** The command line that joins the group and becomes `command`: from its start on it counts there. */
export function joinCommand(
  tools: HostTools,
  cgroup: BoxCgroup,
  command: readonly string[],
): string[] {
  const script = 'echo $$ > "$1/cgroup.procs" && shift && unset PWD && exec "$@"'
  return [tools.sh, '-c', script, 'errand-box', cgroup.path, ...command]
}
