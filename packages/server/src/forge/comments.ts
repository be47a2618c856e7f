import type { Caller, CommentName, ForgeComments, RepositoryAccess } from '@errand/contract'
import { z } from 'zod'
import { Comment } from './answers.ts'
import { readJson, type Upstream } from './upstream.ts'
import { upstreamError } from './upstream-error.ts'

const perPage = 100
/** How many pages of comments a reply of ours is looked for in: those since the comment it answers are few. */
const mostPages = 10

/** Comments of pull requests by the REST API. */
export function commentAnswers(upstream: Upstream): ForgeComments {
  const { ask } = upstream

  async function hasReply(
    caller: Caller,
    repository: RepositoryAccess,
    number: number,
    { mark, since }: { mark: string; since: string },
  ): Promise<boolean> {
    for (let page = 1; page <= mostPages; page += 1) {
      const query = new URLSearchParams({ since, per_page: `${perPage}`, page: `${page}` })
      const path = `/repos/${repository.full_name}/issues/${number}/comments?${query.toString()}`
      const found = await readJson(upstream, await ask(caller.secret, path), z.array(Comment))
      // Whoever else writes the mark must not keep the bot silent.
      if (found.some(({ user, body }) => user?.type === 'Bot' && body?.includes(mark))) return true
      if (found.length < perPage) return false
    }
    return false
  }

  return {
    async comment(caller, repository, name) {
      const response = await ask(caller.secret, pathOf(repository, name))
      if (response.status === 404) return undefined
      const found = await readJson(upstream, response, Comment)
      const url = found.issue_url ?? found.pull_request_url ?? ''
      const [, number] = /\/(\d+)$/.exec(url) ?? []
      // Of an account that is gone.
      if (found.user === null || number === undefined) return undefined
      const { user, created_at } = found
      return { ...name, pull_number: Number(number), body: found.body ?? '', user, created_at }
    },
    async react(caller, repository, name, content) {
      const response = await ask(caller.secret, `${pathOf(repository, name)}/reactions`, {
        method: 'POST',
        body: JSON.stringify({ content }),
      })
      if (!response.ok) throw await upstreamError(response, upstream.apiUrl)
      await response.body?.cancel()
    },
    async reply(caller, repository, number, { body, ...marked }) {
      if (await hasReply(caller, repository, number, marked)) return
      const path = `/repos/${repository.full_name}/issues/${number}/comments`
      const response = await ask(caller.secret, path, {
        method: 'POST',
        body: JSON.stringify({ body: `${body}\n\n${marked.mark}` }),
      })
      if (!response.ok) throw await upstreamError(response, upstream.apiUrl)
      await response.body?.cancel()
    },
  }
}

function pathOf({ full_name: name }: RepositoryAccess, { type, id }: CommentName): string {
  return `/repos/${name}/${type === 'issue' ? 'issues' : 'pulls'}/comments/${id}`
}
