import { existsSync } from 'node:fs'
import { normalize } from 'node:path'

import { ErrandError } from '@errand/contract'

import { launcherSource, launcherTarget } from './agent-launch.ts'
import { type BoxOptions, boxPaths, type Forward } from './box.ts'
import type { Bind } from './command.ts'

/** Where the socket of a way out is inside. */
export function socketTarget({ port }: Forward): string {
  return `${boxPaths.run}/${port}.sock`
}

/** Where the socket of the way in is inside. */
export const wayInTarget = `${boxPaths.run}/in.sock`

/** What leads out of one sandbox, and into it. */
export interface Ways {
  forwards: readonly Forward[]
  /** As in `BoxOptions`. */
  wayIn?: string
}

/** What makes the ways of one sandbox visible in it, and of no other of its box. */
export function bindsOfWays({ forwards, wayIn }: Ways): Bind[] {
  const sockets = forwards.map((forward) => [forward.socketPath, socketTarget(forward)] as const)
  if (wayIn !== undefined) sockets.push([wayIn, wayInTarget])
  // Read-only keeps the socket from being removed; connecting does not count as writing.
  return sockets.map(([source, target]) => ({ source, target, writable: false }))
}

/** Folders a box has its own of. Bound from the host they would undo what the box is for. */
const ownFolders = new Set(['/', '/dev', '/etc', '/home', '/proc', '/run', '/sys', '/tmp', '/var'])

/**
 * What of the host a box of these options shows, and where.
 *
 * @throws ErrandError `unavailable` that names a path that is missing or must not be shown
 */
export function bindsOf(options: BoxOptions): Bind[] {
  const readOnly = [...new Set([process.execPath, ...options.readOnlyPaths].map(cleanPath))]
  const binds = [
    {
      source: options.workspaceDir,
      target: boxPaths.workspace,
      writable: options.isWorkspaceReadOnly !== true,
    },
    { source: options.homeDir, target: boxPaths.home, writable: true },
    { source: launcherSource, target: launcherTarget, writable: false },
    ...(options.mirrorDir === undefined
      ? []
      : [{ source: options.mirrorDir, target: boxPaths.mirror, writable: false }]),
    ...(options.certificatesDir === undefined
      ? []
      : [{ source: options.certificatesDir, target: boxPaths.certificates, writable: false }]),
    // In order, so that a folder comes before what is bound inside it.
    ...readOnly.sort().map((path) => ({ source: path, target: path, writable: false })),
  ]
  const missing = binds.find(({ source }) => !existsSync(source))
  if (missing !== undefined) {
    throw refusal(`The path ${missing.source}, needed in the sandbox, does not exist.`)
  }
  return binds
}

/** Not files but the kernel itself; /sys also gives its place to staging. */
const kernelFolders = /^\/(dev|proc|sys)\//

function cleanPath(path: string): string {
  const clean = normalize(path).replace(/(?<=.)\/$/, '')
  if (!clean.startsWith('/') || ownFolders.has(clean) || kernelFolders.test(clean)) {
    throw refusal(
      `The path ${path} cannot be shown in the sandbox: read_only_paths takes absolute paths below the system's own folders.`,
    )
  }
  return clean
}

function refusal(message: string): ErrandError {
  return new ErrandError('unavailable', { message })
}
