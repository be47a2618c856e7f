import { z } from 'zod'

/** An entry of the audit log, in the shape of GitHub's, with its place in the chain of hashes beside it. */
export const AuditEntry = z.object({
  _document_id: z.string(),
  /** Milliseconds since 1970, as `created_at` is. */
  '@timestamp': z.int(),
  created_at: z.int(),
  action: z.string(),
  actor: z.string(),
  actor_id: z.int(),
  org: z.string().exactOptional(),
  org_id: z.int().exactOptional(),
  repo: z.string().exactOptional(),
  repo_id: z.int().exactOptional(),
  /** What it was and what it became; what may be a secret is masked. */
  data: z.object({ before: z.unknown(), after: z.unknown() }),
  /** Its place in this server's chain, from 1. */
  number: z.int(),
  /** Of the entry before it; empty for the first. */
  previous_hash: z.string(),
  hash: z.string(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

const cursor = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a cursor of an answer before')
  .exactOptional()

/** As GitHub's `GET /orgs/{org}/audit-log` has them; `phrase` is read as docs/audit-log.md says. */
export const AuditQuery = z.object({
  phrase: z.string().max(1000).exactOptional(),
  /** Entries that come behind this cursor, in the order asked for. */
  after: cursor,
  /** Entries that come in front of it. */
  before: cursor,
  order: z.enum(['asc', 'desc']).default('desc'),
  per_page: z.coerce.number().int().min(1).max(100).default(30),
})
export type AuditQuery = z.infer<typeof AuditQuery>
