import { z } from 'zod'

import { truncateMiddle } from '../../printable.ts'
import { visibleMarkdown, visibleText } from '../visible-text.ts'

/** Of one text that somebody wrote. */
const longestBody = 20_000
/** Of the changes of one file. */
const longestPatch = 20_000

/** What an agent is shown of what a forge answers: the members it can use, as a reader of the page sees them. */
const line = z.string().transform((text) => visibleText(text).slice(0, 1000))
const body = z
  .string()
  .nullish()
  .transform((text) => truncateMiddle(visibleMarkdown(text ?? ''), longestBody))
const user = z
  .object({ login: z.string() })
  .nullish()
  .transform((account) => account?.login ?? null)
const time = z.string()
const ref = z.object({ ref: line }).transform((branch) => branch.ref)
const labels = z
  .array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]))
  .default([])

export const RepositoryAnswer = z.object({
  full_name: z.string(),
  description: line.nullish(),
  default_branch: z.string(),
  private: z.boolean(),
  archived: z.boolean().optional(),
  topics: z.array(z.string()).optional(),
})

export const Issue = z.object({
  number: z.int(),
  title: line,
  state: z.string(),
  user,
  labels,
  body,
  created_at: time,
  updated_at: time,
})

export const Pull = z.object({
  number: z.int(),
  title: line,
  state: z.string(),
  draft: z.boolean().optional(),
  user,
  body,
  head: ref,
  base: ref,
  merged_at: time.nullish(),
  created_at: time,
  updated_at: time,
})

export const File = z.object({
  filename: line,
  status: z.string(),
  additions: z.int(),
  deletions: z.int(),
  patch: z
    .string()
    .optional()
    .transform((text) => text && truncateMiddle(text, longestPatch)),
})

export const Comment = z.object({ user, body, created_at: time })

export const Review = z.object({
  user,
  body,
  state: z.string(),
  submitted_at: time.nullish(),
})

export const ReviewComment = z.object({
  user,
  body,
  path: line,
  line: z.int().nullish(),
  created_at: time,
})
