import type { ForgeListener } from '@errand/contract'
import type { TokenUse } from './identity/token-use.ts'
import type { Log } from './log.ts'
import type { Records } from './records/records.ts'

/** What the forge's operations work with. */
export interface ForgeContext {
  records: Records
  tokenUse: TokenUse
  log: Log
  /** Where users reach the server, without a slash at the end. */
  publicUrl: () => string
  /** Who is told of what happens in repositories. */
  listeners: ForgeListener[]
  /** Runs work on one repository one piece after the other. */
  inTurn: <T>(repositoryId: number, work: () => Promise<T>) => Promise<T>
  /** Merges that were tried in memory: whether two commits merge never changes. */
  mergeability: Map<string, boolean>
  /** Packs a repository that has become untidy, in the background. */
  tidy: (repositoryId: number) => void
  /** Largest push taken, in bytes. */
  pushLimitBytes: number
}

/** The addresses in an answer: of the API under the prefix it was asked by, and of the pages. */
export interface Urls {
  api: string
  web: string
}
