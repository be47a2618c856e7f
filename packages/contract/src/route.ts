import { z } from 'zod'
import type { ErrorName } from './errors.ts'

/**
 * One operation of the API as a value. Server registration, OpenAPI, the client and the docs' tables
 * all walk over `routes`; nothing about an operation is written a second time.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for parameters, as OpenAPI writes them. */
  path: string
  summary: string
  /**
   * Wire compatible with GitHub; GitHub's in preview, which its published description does not hold yet,
   * as far as it is known; or beyond it.
   */
  origin: 'github' | 'preview' | 'beyond'
  who: 'anyone' | 'user'
  /** What a token must be granted, as GitHub names it. Default: to read agent tasks. */
  permission?: `${TokenPermission}:${'read' | 'write'}`
  params: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Largest body taken, in bytes. Default: what the longest prompt needs, 1 MiB at least. */
  bodyLimitBytes?: number
  headers?: z.ZodObject
  answers: Record<number, z.ZodType>
  errors: readonly ErrorName[]
  /** Where the rule comes from. */
  spec: string
}

/** What tokens are granted for the operations of `routes` (behaviour.md 2.1, 2.2). */
export type TokenPermission =
  | 'agent_tasks'
  | 'administration'
  | 'organization_copilot_agent_settings'
  | 'organization_administration'
  | 'organization_hooks'
  | 'repository_hooks'
  | 'secrets'
  | 'variables'
  | 'organization_secrets'
  | 'organization_variables'
  /** To look at a repository at all: every token is granted it. */
  | 'metadata'

/** An operation, its own types kept. */
export function route<const R extends Route>(route: R): R {
  return route
}

export const RepoPath = z.object({ owner: z.string(), repo: z.string() })

/** What any call of a user may be answered. */
export const commonErrors = [
  'bad_json',
  'unsupported_version',
  'requires_authentication',
  'bad_credentials',
  'integration_not_accessible',
  'token_not_accessible',
  'validation_failed',
] as const
