import { z } from 'zod'

/** A token as the embedded forge lists it, read strictly enough to be shown. */
export const Token = z.looseObject({
  id: z.number(),
  name: z.string(),
  kind: z.string(),
  user: z.object({ login: z.string() }).nullable(),
  scopes: z.array(z.string()),
  permissions: z.record(z.string(), z.string()),
  repository_selection: z.enum(['all', 'selected']),
  repositories: z.array(z.string()),
  created_at: z.string(),
  last_used_at: z.string().nullable(),
  expires_at: z.string().nullable(),
  expired: z.boolean(),
})
export type Token = z.infer<typeof Token>

/** What it may do, in one line. */
export function describeGrant({ kind, scopes, permissions }: Token): string {
  const isScoped = kind === 'classic' || kind === 'oauth'
  const parts = isScoped
    ? scopes
    : Object.entries(permissions).map(([name, level]) => `${name}=${level}`)
  return parts.length === 0 ? 'public only' : parts.join(' ')
}

export function describeRepositories(token: Token): string {
  if (token.repository_selection === 'all') return 'all'
  return token.repositories.length === 0 ? 'none' : token.repositories.join(' ')
}
