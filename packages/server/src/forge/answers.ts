import { z } from 'zod'

// What is read of GitHub's answers.

export const User = z.object({
  id: z.int(),
  login: z.string(),
  type: z.enum(['User', 'Organization', 'Bot']),
})
export type User = z.infer<typeof User>

const Owner = z.object({ id: z.int(), login: z.string(), type: z.enum(['User', 'Organization']) })

export const Repository = z.object({
  id: z.int(),
  name: z.string(),
  full_name: z.string(),
  html_url: z.string(),
  private: z.boolean(),
  default_branch: z.string(),
  archived: z.boolean().default(false),
  owner: Owner,
  permissions: z.record(z.string(), z.boolean()).default({}),
})

export type Repository = z.infer<typeof Repository>

export const Permission = z.object({ permission: z.string(), role_name: z.string().optional() })

export const Membership = z.object({
  state: z.string(),
  role: z.enum(['admin', 'member']).or(z.string().transform(() => 'member' as const)),
  organization: z.object({ id: z.int(), login: z.string() }),
})

export const InstallationRepositories = z.object({
  repositories: z.array(z.object({ owner: Owner })),
})

export const Pull = z.object({
  id: z.int(),
  number: z.int(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  title: z.string(),
  body: z.string().nullable().default(''),
  draft: z.boolean().default(false),
  merged_at: z.string().nullable().default(null),
  head: z.object({
    ref: z.string(),
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
  base: z.object({ ref: z.string() }),
  user: z.object({ login: z.string() }).nullable(),
})
export type Pull = z.infer<typeof Pull>

export const Comment = z.object({
  id: z.int(),
  body: z.string().nullable().default(''),
  user: User.nullable(),
  created_at: z.string(),
  /** Ends in the number: an issue's of one in the conversation, a pull request's of one in the diff. */
  issue_url: z.string().optional(),
  pull_request_url: z.string().optional(),
})
export type Comment = z.infer<typeof Comment>
