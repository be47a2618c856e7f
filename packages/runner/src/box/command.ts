import { lstatSync, readlinkSync } from 'node:fs'

import type { SandboxSettings } from '@errand/contract'

import { boxPaths, type BoxLevel } from './box.ts'
import { hostEtcPaths, ownFiles } from './own-files.ts'

/** One thing of the host made visible in the box. */
export interface Bind {
  /** Where it is now; a staged place when the box's uid cannot walk to it. */
  source: string
  target: string
  writable: boolean
}

export interface CommandInput {
  settings: SandboxSettings
  level: BoxLevel
  binds: readonly Bind[]
  env: Readonly<Record<string, string>>
  cwd: string
  /** File descriptors, open in bwrap, that the arguments name. */
  fds: { seccomp: number; info: number; files: Readonly<Record<string, number>> }
}

/** POSIX shared memory. Enough for browsers and Python's multiprocessing, still nothing to fill a host with. */
const sharedMemoryMb = 64
const runMb = 16

/**
 * The arguments of bubblewrap for a box, up to the command. They go in by a pipe (`--args`), since
 * any user of the host can read a command line, and the environment is among them.
 */
export function bwrapArguments(input: CommandInput): string[] {
  return [
    ...isolation(input),
    ...system(),
    ...files(input.fds.files),
    ...kernelFiles(input.level),
    ...temporary('/tmp', input.settings.tmp_mb),
    ...temporary('/run', runMb),
    ...input.binds.flatMap(({ source, target, writable }) => [
      writable ? '--bind' : '--ro-bind',
      source,
      target,
    ]),
    // Root and /dev are tmpfs of no given size, thus half of the machine's memory: nobody may write.
    '--remount-ro',
    '/dev',
    '--remount-ro',
    '/',
    ...Object.entries(input.env).flatMap(([name, value]) => ['--setenv', name, value]),
    '--chdir',
    input.cwd,
  ]
}

function isolation({ level, fds }: CommandInput): string[] {
  return [
    ['--unshare-all', '--unshare-user', '--uid', '1000', '--gid', '1000'],
    // It is set through /proc/sys, which is read-only where /proc is masked; there seccomp alone
    // refuses new user namespaces, and the probe checks that it does.
    level === 'full' ? ['--disable-userns'] : [],
    ['--cap-drop', 'ALL', '--new-session', '--die-with-parent', '--hostname', 'errand'],
    ['--seccomp', String(fds.seccomp), '--info-fd', String(fds.info)],
  ].flat()
}

/** The programs: /usr, and the top folders that point into it (or that hold them, before the merge). */
function system(): string[] {
  const merged = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap((name) => {
    const entry = lstatSync(`/${name}`, { throwIfNoEntry: false })
    if (entry === undefined) return []
    if (entry.isSymbolicLink()) return ['--symlink', readlinkSync(`/${name}`), `/${name}`]
    return ['--ro-bind', `/${name}`, `/${name}`]
  })
  return ['--ro-bind', '/usr', '/usr', ...merged]
}

function files(fds: Readonly<Record<string, number>>): string[] {
  return [
    ...hostEtcPaths().flatMap((path) => ['--ro-bind', path, path]),
    ...Object.keys(ownFiles).flatMap((path) => [
      '--perms',
      '0444',
      '--file',
      String(fds[path]),
      path,
    ]),
  ]
}

function kernelFiles(level: BoxLevel): string[] {
  return [
    // Without a fresh one there is none at all: the host's own would show the host's processes.
    // /proc/sys again, read-only: the settings of its own namespaces, like how much shared memory there
    // may be, would be the box's to change.
    level === 'full' ? ['--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys'] : [],
    ['--dev', '/dev'],
    temporary('/dev/shm', sharedMemoryMb),
    ['--dir', '/var', '--symlink', '/tmp', '/var/tmp'],
  ].flat()
}

function temporary(path: string, sizeMb: number): string[] {
  return ['--perms', '1777', '--size', String(sizeMb * 1024 * 1024), '--tmpfs', path]
}

/** What every program in a box finds in its environment, unless the caller says otherwise. */
export function defaultEnvironment(nodeFolder: string): Record<string, string> {
  return {
    PATH: `${nodeFolder}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin`,
    HOME: boxPaths.home,
    USER: 'agent',
    LOGNAME: 'agent',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    TMPDIR: '/tmp',
  }
}
