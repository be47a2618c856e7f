export { type EmbeddedForge, openForge } from './forge.ts'
export type { NewToken } from './identity/tokens.ts'
export type { ImportOptions } from './repositories/import-repository.ts'
export type { Account, Repository } from './records/records.ts'
