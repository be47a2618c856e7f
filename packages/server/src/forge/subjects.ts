import type { ForgeSubject, ForgeSubjects } from '@errand/contract'
import { z } from 'zod'
import { User } from './answers.ts'
import { readJson, type Upstream } from './upstream.ts'

const Subject = z.object({
  number: z.int(),
  html_url: z.string(),
  title: z.string(),
  body: z.string().nullable().default(''),
  state: z.enum(['open', 'closed']),
  draft: z.boolean().default(false),
  merged_at: z.string().nullish(),
  user: User.nullable(),
  labels: z.array(z.union([z.string(), z.object({ name: z.string() })])).default([]),
  assignees: z.array(z.object({ login: z.string() })).nullish(),
  /** Of an issue that is a pull request. */
  pull_request: z.object({}).optional(),
  head: z
    .object({
      ref: z.string(),
      sha: z.string(),
      repo: z.object({ full_name: z.string() }).nullish(),
    })
    .optional(),
  base: z.object({ ref: z.string() }).optional(),
})
type Subject = z.infer<typeof Subject>

const Review = z.object({
  state: z.string(),
  body: z.string().nullable().default(''),
  user: User.nullable(),
  html_url: z.string(),
})

const WorkflowRun = z.object({
  name: z.string().nullish(),
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  html_url: z.string(),
  display_title: z.string().default(''),
})

const File = z.object({ filename: z.string(), previous_filename: z.string().optional() })
const perPage = 100
/** GitHub lists no more files of a pull request. */
const mostPages = 30

/** Whose account is gone. */
const ghost = { id: 0, login: 'ghost', type: 'User' } as const

/** Issues, pull requests, reviews and runs of workflows by the REST API. */
export function subjectAnswers(upstream: Upstream): ForgeSubjects {
  async function read<T extends z.ZodType>(
    secret: string,
    path: string,
    schema: T,
  ): Promise<z.infer<T> | undefined> {
    const response = await upstream.ask(secret, path)
    if (response.status === 404 || response.status === 410) return undefined
    return await readJson(upstream, response, schema)
  }

  return {
    async subject({ secret }, { full_name: name }, { type, number }) {
      const path = `/repos/${name}/${type === 'issue' ? 'issues' : 'pulls'}/${number}`
      const found = await read(secret, path, Subject)
      // Pull requests are found among issues as well.
      if (found === undefined || (type === 'issue' && found.pull_request !== undefined)) {
        return undefined
      }
      return presentSubject(type, found, name)
    },
    async changedPaths({ secret }, { full_name: name }, number) {
      const paths: string[] = []
      for (let page = 1; page <= mostPages; page += 1) {
        const query = `per_page=${perPage}&page=${page}`
        const files = await read(
          secret,
          `/repos/${name}/pulls/${number}/files?${query}`,
          z.array(File),
        )
        for (const { filename, previous_filename: former } of files ?? []) {
          paths.push(filename, ...(former === undefined ? [] : [former]))
        }
        if ((files?.length ?? 0) < perPage) break
      }
      return paths
    },
    async review({ secret }, { full_name: name }, { number, id }) {
      const found = await read(secret, `/repos/${name}/pulls/${number}/reviews/${id}`, Review)
      if (found === undefined) return undefined
      const { state, body, user, html_url } = found
      return { state: state.toLowerCase(), body: body ?? '', user: user ?? ghost, html_url }
    },
    async workflowRun({ secret }, { full_name: name }, id) {
      const found = await read(secret, `/repos/${name}/actions/runs/${id}`, WorkflowRun)
      if (found === undefined) return undefined
      const { status, conclusion, html_url, display_title: title } = found
      return { name: found.name ?? '', status: status ?? '', conclusion, html_url, title }
    },
  }
}

function presentSubject(type: 'issue' | 'pull', found: Subject, repository: string): ForgeSubject {
  const { number, html_url, title, state, draft, head, base } = found
  const isFromFork = head?.repo?.full_name.toLowerCase() !== repository.toLowerCase()
  return {
    type,
    number,
    html_url,
    title,
    body: found.body ?? '',
    state,
    draft,
    merged: (found.merged_at ?? null) !== null,
    author: found.user ?? ghost,
    labels: found.labels.map((label) => (typeof label === 'string' ? label : label.name)),
    assignees: (found.assignees ?? []).map(({ login }) => login),
    ...(head !== undefined &&
      base !== undefined && {
        branch: {
          head: head.ref,
          head_sha: head.sha,
          base: base.ref,
          is_from_fork: isFromFork,
        },
      }),
  }
}
