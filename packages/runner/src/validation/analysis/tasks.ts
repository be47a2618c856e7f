import type { Package } from '../dependencies/package.ts'

/**
 * What the analyst is asked: whatever takes long, or much memory, over bytes an agent has written.
 * Nothing here is imported from another package of ours: the analyst is started without our way of loading them.
 */
export type Task = SecretsTask | PackagesTask | SarifTask

export interface SecretsTask {
  type: 'secrets'
  /** The last part of the path, by which some rules know what they look at. */
  name: string
  bytes: Uint8Array
}

export interface PackagesTask {
  type: 'packages'
  /** The last part of the lock file's path. */
  name: string
  /** Absent where the file is new. */
  before?: Uint8Array
  after: Uint8Array
  most: number
}

export interface SarifTask {
  type: 'sarif'
  bytes: Uint8Array
  /** Of more results than this, the first are given. */
  most: number
}

export interface Answers {
  secrets: FoundSecret[]
  packages: Package[]
  sarif: SarifResult[]
}

/** A result of a code scanner. The path is as the scanner wrote it. */
export interface SarifResult {
  uri: string
  line?: number
  rule: string
  severity: 'critical' | 'high' | 'medium' | 'low' | 'note'
  message: string
}

/** What looks like a secret. The value stays within the runner's process. */
export interface FoundSecret {
  rule: string
  message: string
  line: number
  value: string
}
