import { accessSync, constants } from 'node:fs'

import { ErrandError } from '@errand/contract'

/** The programs of the host a box is started with, by absolute path: they start with no PATH. */
export interface HostTools {
  bwrap: string
  /** From util-linux; runs inside the box. */
  prlimit: string
  /** The rest is needed only by a server that runs as root. */
  sh: string
  unshare: string
  mount: string
  setpriv: string
  chown: string
}

/** Where distributions put them; never a folder a user could write to. */
const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin']

/** The absolute path of a program of the host, or nothing. */
export function findTool(name: string): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find(isExecutable)
}

/** @throws ErrandError `unavailable` that names the first program missing and its package */
export function requireHostTools(): HostTools {
  return {
    bwrap: requireTool('bwrap', 'bubblewrap'),
    prlimit: requireTool('prlimit', 'util-linux'),
    sh: requireTool('sh', 'dash'),
    unshare: requireTool('unshare', 'util-linux'),
    mount: requireTool('mount', 'mount'),
    setpriv: requireTool('setpriv', 'util-linux'),
    chown: requireTool('chown', 'coreutils'),
  }
}

function requireTool(name: string, packageName: string): string {
  const path = findTool(name)
  if (path === undefined) {
    throw new ErrandError('unavailable', {
      message: `The program ${name} is missing on the runner's machine: install the package ${packageName}.`,
    })
  }
  return path
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
