import type { Client } from '@errand/contract'
import type { RepositoryName } from '../client/git-remote.ts'

export interface RecipePull {
  number: number
  html_url: string
  head_ref: string
}

interface Listed {
  number: number
  html_url: string
  body?: string | null
  head?: { ref: string; repo?: { full_name?: string } | null } | null
  base?: { ref: string } | null
}

/**
 * The open pull request an earlier run of the recipe has made: known by its mark, towards the same
 * base, from a branch of the repository itself. A fork's could carry the mark as well.
 */
export async function findRecipePull(
  client: Client,
  { owner, repo }: RepositoryName,
  wanted: { mark: string; base: string; signal: AbortSignal },
): Promise<RecipePull | undefined> {
  const { mark, base, signal } = wanted
  const perPage = 100
  for (let page = 1; ; page += 1) {
    const query = { state: 'open', base, per_page: perPage, page, sort: 'created' }
    const answer = await client.request('GET', `/repos/${owner}/${repo}/pulls`, { query, signal })
    // What the forge answers; each field that is used is looked at before.
    const pulls = (await answer.json()) as Listed[]
    for (const { number, html_url, body, head, base: onto } of pulls) {
      const isOwn = head?.repo?.full_name?.toLowerCase() === `${owner}/${repo}`.toLowerCase()
      if (isOwn && onto?.ref === base && head?.ref && body?.includes(mark) === true) {
        return { number, html_url, head_ref: head.ref }
      }
    }
    if (pulls.length < perPage) return undefined
  }
}
