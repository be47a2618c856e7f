import type { Readable, Writable } from 'node:stream'

import type { SandboxSettings } from '@errand/contract'
import type { Log } from '@errand/core'

import type { ProbeFindings } from './inside/findings.ts'

/** Where things are inside every box. */
export const boxPaths = {
  workspace: '/workspace',
  home: '/home/agent',
  /** The trusted mirror, read-only; only there when `mirrorDir` was given. */
  mirror: '/mirror',
  run: '/run/errand',
  /** Certificates, read-only; only there when `certificatesDir` was given. */
  certificates: '/etc/errand',
} as const

/**
 * Where the gateway is reached inside a box: 127.0.0.1 at this port, forwarded to the box's socket.
 * Every box has a network of its own, so the port can be the same in all.
 */
export const gatewayPort = 4010

/** Where the firewall is reached inside, in the same way: an HTTP proxy. */
export const firewallPort = 4011

/** A port of a sandbox's own network that leads to a unix socket of the host: a way out of it. */
export interface Forward {
  port: number
  /** It must exist before the sandbox starts. */
  socketPath: string
  /** Whether each connection begins with a line that says which command inside has opened it. */
  tellsCommand?: boolean
}

/**
 * How isolated a box is. `basic` is for hosts that cannot mount a fresh /proc, like a container whose own
 * is masked: the box has no /proc at all, since the host's would show the host's processes, and user
 * namespaces inside are refused by seccomp alone. Node, git and shells work there; ps, and what opens
 * /dev/stdin or /dev/fd, do not.
 */
export type BoxLevel = 'full' | 'basic'

export interface BoxOptions {
  settings: SandboxSettings
  log: Log
  /** Bound at `boxPaths.workspace`, writable. Given to the box's uid when the server runs as root. */
  workspaceDir: string
  /** The workspace is another box's, and is only looked at. Default: false. */
  isWorkspaceReadOnly?: boolean
  /** Where programs start. Default: `boxPaths.workspace`. */
  cwd?: string
  /** Bound at `boxPaths.home`, writable; kept when a waiting session is put away. */
  homeDir: string
  /** The ways out the agent has. What else runs in the box has those it is given. */
  forwards: readonly Forward[]
  /**
   * A unix socket of the host by which ports of the agent's network are asked for, see `inside/way-in.ts`. It
   * must exist before the sandbox starts. Default: nobody outside reaches them.
   */
  wayIn?: string
  /** Read by the box's uid: its files must be readable by all, the folders above it need not be. */
  mirrorDir?: string
  /** Authorities that programs in the box are told to believe. Readable as the mirror is. */
  certificatesDir?: string
  /**
   * Files and folders of the host bound read-only at the same path; missing ones are refused. Node's
   * own binary is always there. Readable as the mirror is.
   */
  readOnlyPaths: readonly string[]
  /** The environment of everything in the box, over the defaults (PATH, HOME, USER, LANG, TMPDIR). */
  env: Readonly<Record<string, string>>
  /** Closes the box, as `close()` does. */
  signal: AbortSignal
  /** From the opening of the box; then everything in it is killed with reason `wall_clock`. */
  wallClockMs: number
}

/** Which limit ended a process: the box's memory, its disk, the process's output or its time. */
export type StopReason = 'memory' | 'disk' | 'output' | 'wall_clock' | 'closed'

export interface Exit {
  /** The exit code; absent when a signal ended the process. */
  code?: number
  signal?: NodeJS.Signals
  /** The system's name for why the program could not be started, like ENOENT; its code is then 127. */
  error?: string
  /** Present when Errand ended it. */
  reason?: StopReason
}

/** A program running in the box. Its streams must be read: what is not read is not buffered either. */
export interface BoxedProcess {
  readonly stdin: Writable
  /** Ends early, without an error, when the output limit is reached. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when the program and everything it started is dead. Never rejects. */
  readonly exited: Promise<Exit>
  /** SIGTERM to the program by default; `kill('SIGKILL')` ends everything it started at once. */
  kill(signal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void
}

export interface RunOptions {
  /** Then the command and everything it started is killed, with reason `wall_clock`. */
  timeoutMs: number
  /** Kept of stdout and of stderr each; what comes after is read and dropped, `truncated` is set. */
  maxOutputBytes: number
  input?: string | Uint8Array
  cwd?: string
  env?: Readonly<Record<string, string>>
  /** The ways out it has. Default: none. */
  forwards?: readonly Forward[]
}

/** A program that is talked to while it runs. */
export interface SpawnOptions {
  env: Readonly<Record<string, string>>
  forwards: readonly Forward[]
  cwd?: string
}

export interface RunResult extends Exit {
  stdout: Buffer
  stderr: Buffer
  truncated: boolean
}

/** An open box: folders and limits that programs are run in, each isolated in the same way. */
export interface Box {
  /** What was found inside before anything of the session ran there. */
  readonly probe: ProbeFindings
  readonly level: BoxLevel
  /**
   * Starts the agent, in the very sandbox that was probed.
   *
   * @param env over the box's environment, for this program only
   * @throws SandboxTooWeak if a sandbox for a second agent comes out weaker than the first
   */
  spawnAgent(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<BoxedProcess>
  /** Starts another program in a sandbox of its own over the same folders, with its own ways out. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): Promise<BoxedProcess>
  /**
   * Runs a command to its end in a sandbox of its own over the same folders, without any way out that it
   * is not given. A code above 128 may stand for a signal, as in a shell.
   */
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>
  /** Kills everything in the box; resolves when all of it is dead. Safe to call twice. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
