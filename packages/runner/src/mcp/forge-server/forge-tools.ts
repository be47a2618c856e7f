import { z } from 'zod'

import type { Repository } from '../../mirror/repository.ts'
import { ForgeRefused } from '../../forge-client.ts'
import { Comment, File, Issue, Pull, RepositoryAnswer, Review, ReviewComment } from './answers.ts'
import { FileContentsInput, readFileContents } from './file-contents.ts'

/** Asks the forge. `{owner}` and `{repo}` are those of the session, whatever the parameters. */
export type Ask = (route: string, parameters?: Record<string, unknown>) => Promise<unknown>

interface ForgeTool {
  description: string
  input: z.ZodObject
  run(ask: Ask, input: Record<string, unknown>, repository: Repository): Promise<unknown>
}

const base = '/repos/{owner}/{repo}'
/** Comments, files and their like of one answer. */
const mostRows = 100
const list = { per_page: mostRows }

const State = z.enum(['open', 'closed', 'all']).default('open')
const Page = z
  .int()
  .min(1)
  .max(1000)
  .default(1)
  .describe('Of 30 each; the newest are on the first.')
const Numbered = z.strictObject({
  number: z
    .int()
    .min(1)
    .max(2 ** 31),
})
const perPage = 30

/** By their names. */
export const forgeTools: Readonly<Record<string, ForgeTool>> = {
  get_repository: {
    description: 'Describes the repository you work for.',
    input: z.strictObject({}),
    run: async (ask) => RepositoryAnswer.parse(await ask(base)),
  },
  get_file_contents: {
    description:
      'Shows a file or a folder of the repository, as it is on a branch or tag other than that of your checkout.',
    input: FileContentsInput,
    run: (ask, input) => readFileContents(ask, FileContentsInput.parse(input)),
  },
  list_issues: {
    description: 'Lists issues of the repository, without pull requests.',
    input: z.strictObject({
      state: State,
      labels: z.string().max(500).optional().describe('Names, with commas between them.'),
      page: Page,
    }),
    async run(ask, input) {
      const issues = Listed.parse(await ask(`${base}/issues`, { ...input, per_page: perPage }))
      return issues.filter(({ pull_request: pull }) => pull === undefined).map(presentIssue)
    },
  },
  get_issue: {
    description: 'Shows an issue with its comments.',
    input: Numbered,
    async run(ask, { number }) {
      const at = { issue_number: number }
      const issue = Issue.parse(await ask(`${base}/issues/{issue_number}`, at))
      const comments = await ask(`${base}/issues/{issue_number}/comments`, { ...at, ...list })
      return { ...presentIssue(issue), comments: z.array(Comment).parse(comments) }
    },
  },
  list_pull_requests: {
    description: 'Lists pull requests of the repository.',
    input: z.strictObject({
      state: State,
      base: z.string().max(255).optional().describe('Only those into this branch.'),
      page: Page,
    }),
    run: async (ask, input) =>
      z.array(Pull).parse(await ask(`${base}/pulls`, { ...input, per_page: perPage })),
  },
  get_pull_request: {
    description: 'Shows a pull request with its changed files, reviews and comments.',
    input: Numbered,
    async run(ask, { number }) {
      const at = { pull_number: number, ...list }
      const pull = Pull.parse(await ask(`${base}/pulls/{pull_number}`, { pull_number: number }))
      const files = z.array(File).parse(await ask(`${base}/pulls/{pull_number}/files`, at))
      const [reviews, reviewComments, comments] = await Promise.all([
        whereThereAre(Review, ask(`${base}/pulls/{pull_number}/reviews`, at)),
        whereThereAre(ReviewComment, ask(`${base}/pulls/{pull_number}/comments`, at)),
        whereThereAre(
          Comment,
          ask(`${base}/issues/{issue_number}/comments`, { issue_number: number, ...list }),
        ),
      ])
      return { ...pull, files, reviews, review_comments: reviewComments, comments }
    },
  },
  search_issues: {
    description:
      'Searches issues and pull requests of the repository, by words and qualifiers such as is:open, is:pr, label:bug or author:NAME.',
    input: z.strictObject({
      query: z
        .string()
        .min(1)
        .max(200)
        .refine(
          (query) => !/\b(repo|org|user|owner):/i.test(query),
          'searches this repository only',
        ),
      page: Page,
    }),
    async run(ask, { query, page }, { full_name: fullName }) {
      const q = `repo:${fullName} ${String(query)}`
      const found = Found.parse(await ask('/search/issues', { q, page, per_page: perPage }))
      // Whatever a query made of it: what the token sees elsewhere is not this agent's.
      const own = found.items.filter(({ repository_url: url }) =>
        url.toLowerCase().endsWith(`/repos/${fullName.toLowerCase()}`),
      )
      return own.map(({ pull_request: pull, ...issue }) => ({
        ...presentIssue(issue),
        is_pull_request: pull !== undefined,
      }))
    },
  },
}

const Listed = z.array(Issue.extend({ pull_request: z.unknown().optional() }))
const Found = z.object({
  items: z.array(
    Issue.extend({ pull_request: z.unknown().optional(), repository_url: z.string() }),
  ),
})

function presentIssue({ labels, ...issue }: z.infer<typeof Issue>): object {
  const { number, title, state, user, body, created_at, updated_at } = issue
  return { number, title, state, user, labels, body, created_at, updated_at }
}

/** Not every forge has reviews; an answer without them is better than none. */
async function whereThereAre<T>(schema: z.ZodType<T>, asked: Promise<unknown>): Promise<T[]> {
  try {
    return z.array(schema).parse(await asked)
  } catch (error) {
    if (error instanceof ForgeRefused && error.status === 404) return []
    throw error
  }
}
