import type { Environment } from '../settings.ts'
import type { Paint } from './colours.ts'

/** Where a command runs: all it may know of the outside but the network and the files. */
export interface Terminal {
  /** Results. Given text is written as it is: make it `printable` first. */
  out: (text: string) => void
  /** Progress, questions, errors. */
  err: (text: string) => void
  /** Whether a person reads the results. */
  readonly isInteractive: boolean
  /** Whether a person reads what goes to `err`. */
  readonly isErrInteractive: boolean
  /** Whether a person can be asked. */
  readonly canAsk: boolean
  readonly columns: number
  readonly rows: number
  readonly paint: Paint
  readonly environment: Environment
  readonly cwd: string
  /** Aborted with `Interrupted` by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
  now: () => Date
  readInput: () => Promise<string>
  /** A line from the user; `isSecret` shows nothing of it. Rejects when `signal` is aborted. */
  ask: (question: string, options?: { isSecret?: boolean; signal?: AbortSignal }) => Promise<string>
}
