import { ErrandError } from '@errand/contract'

import type { InstalledFile } from './installed.ts'

export interface InstallOptions {
  dataDir: string
  /** Holds the package.json and package-lock.json an agent that comes with Errand is installed from. */
  lockFolder?: string
  /** The value of an environment variable: which registry and which proxy npm is to use. */
  variable: (name: string) => string | undefined
  signal: AbortSignal
  /** Told each second how much is there. */
  onProgress?: (bytes: number) => void
}

/** A program that was put into a folder: its path in there, and what it is started with. */
export type Program = Pick<InstalledFile, 'command' | 'args' | 'env'>

/** What keeps an agent from being installed, in a sentence. */
export function unavailable(message: string, cause?: unknown): ErrandError {
  return new ErrandError('unavailable', { message, cause })
}
