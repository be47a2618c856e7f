import type { InsideFindings } from './findings.ts'

/**
 * What runner and launcher say to each other, a line of JSON each, over one socket. Once the agent
 * runs, the runner believes none of it: the agent shares the launcher's uid and could write in its
 * name. All it could forge is its own exit code.
 */
export type FromLauncher =
  | { type: 'ready'; findings: InsideFindings }
  | { type: 'exited'; code: number | null; signal: NodeJS.Signals | null }
  | { type: 'not_started'; code: string }

export type ToLauncher =
  | {
      type: 'spawn'
      command: string
      args: readonly string[]
      env: Readonly<Record<string, string>>
      cwd?: string
    }
  | { type: 'kill'; signal: NodeJS.Signals }

/** What the launcher is started with, as one argument. */
export interface LauncherArguments {
  /** Of the socket to the runner. */
  controlFd: number
  /** That must turn out read-only. */
  readOnlyPaths: readonly string[]
  forwards: readonly ForwardInside[]
  /** The socket by which ports of this sandbox are asked for. Absent: nobody outside reaches them. */
  wayIn?: string
}

/** A port that leads to a socket the sandbox sees. */
export interface ForwardInside {
  port: number
  socketPath: string
  tellsCommand: boolean
}
