import { ErrandError, type SandboxSettings } from '@errand/contract'

import { type BoxLevel, boxPaths } from './box.ts'
import type { ProbeFindings } from './inside/findings.ts'
import { dataLimitBytes } from './limits.ts'

/** The box came out weaker than configured. Nothing of the session has run in it. */
export class SandboxTooWeak extends ErrandError {
  readonly weaknesses: readonly string[]

  constructor(weaknesses: readonly string[], cause?: unknown) {
    super('unavailable', {
      message: `The sandbox is weaker than configured, so nothing was run in it: ${weaknesses.join('; ')}. Run \`errand doctor\` on the runner's machine.`,
      cause,
    })
    this.name = 'SandboxTooWeak'
    this.weaknesses = weaknesses
  }
}

/** Mount points that may be written to: two kept on disk, the rest of bounded size. */
const writableMounts = new Set<string>([
  boxPaths.workspace,
  boxPaths.home,
  '/tmp',
  '/run',
  '/dev/shm',
])

/**
 * What is weaker in the box than it should be, as phrases for a user; empty for a sound box.
 *
 * @param level the level the box was built for
 */
export function assessProbe(
  findings: ProbeFindings,
  settings: SandboxSettings,
  level: BoxLevel,
): string[] {
  return [
    ...assessRights(findings),
    ...assessView(findings, level),
    ...assessNetwork(findings),
    ...assessLimits(findings, settings),
  ]
}

function assessRights(findings: ProbeFindings): string[] {
  const held = Object.entries(findings.capabilities).filter(([, set]) => !/^0+$/.test(set))
  return [
    ...when(findings.uid !== 1000 || findings.gid !== 1000, `it runs as uid ${findings.uid}`),
    ...when(findings.groups.length > 0, `it has the groups ${findings.groups.join(', ')}`),
    ...held.map(([name, set]) => `its ${name} capabilities are ${set}`),
    ...when(!findings.no_new_privs, 'setuid programs work in it'),
    ...when(findings.seccomp_mode !== 2, 'its system calls are not filtered'),
    ...when(findings.can_create_user_namespace, 'it can make user namespaces'),
  ]
}

function assessView(findings: ProbeFindings, level: BoxLevel): string[] {
  const mounts = findings.writable_mounts.filter((path) => !writableMounts.has(path))
  return [
    ...when(findings.hostname !== 'errand', "it has the host's name"),
    ...when(findings.proc_mounted !== (level === 'full'), 'it has no /proc of its own'),
    ...list(findings.foreign_processes, 'it sees the processes'),
    ...list([...new Set([...mounts, ...findings.writable_paths])], 'it can write to'),
    ...list(findings.readable_secrets, 'it can read'),
    ...list(findings.inherited_files, 'it has open'),
    ...when(findings.init_environment_bytes > 0, '/proc/1/environ shows an environment'),
  ]
}

function assessNetwork(findings: ProbeFindings): string[] {
  const interfaces = findings.interfaces.filter((name) => name !== 'lo')
  return [
    ...list(interfaces, 'it has the network interfaces'),
    ...list(findings.reachable, 'it can connect to'),
  ]
}

function assessLimits({ limits }: ProbeFindings, settings: SandboxSettings): string[] {
  const mib = 1024 * 1024
  const wanted = {
    processes: settings.processes,
    data_bytes: dataLimitBytes(settings),
    file_size_bytes: settings.file_size_mb * mib,
    open_files: settings.open_files,
    core_bytes: 0,
  } satisfies ProbeFindings['limits']
  const names = Object.keys(wanted) as (keyof typeof wanted)[] // what the literal above has
  return (
    names
      // Written so that a limit that could not be read (NaN) is no limit.
      .filter((name) => !(limits[name] >= 0 && limits[name] <= wanted[name]))
      .map((name) => `its limit of ${name} is ${limits[name]} instead of ${wanted[name]}`)
  )
}

function when(isWeak: boolean, weakness: string): string[] {
  return isWeak ? [weakness] : []
}

function list(names: readonly string[], phrase: string): string[] {
  return when(names.length > 0, `${phrase} ${names.slice(0, 10).join(', ')}`)
}
