import {
  type Caller,
  type Forge,
  type ForgePull,
  invalidField,
  type RepositoryAccess,
} from '@errand/contract'
import { z } from 'zod'
import { Pull } from './answers.ts'
import { readJson, type Upstream } from './upstream.ts'
import { upstreamError } from './upstream-error.ts'

/**
 * Pull requests by the REST API.
 *
 * @param secretFor what a new one is opened with: it decides whose it is.
 */
export function pullAnswers(
  upstream: Upstream,
  secretFor: (caller: Caller, repository: RepositoryAccess) => Promise<string>,
): Pick<Forge, 'openPull' | 'openPulls' | 'pull' | 'changePull'> {
  const { ask } = upstream
  return {
    async openPull(caller, repository, pull) {
      const head = `${repository.owner.login}:${pull.head}`
      const path = `/repos/${repository.full_name}/pulls`
      const query = new URLSearchParams({ head, base: pull.base, state: 'open' })
      const listed = await ask(caller.secret, `${path}?${query.toString()}`)
      const [open] = await readJson(upstream, listed, z.array(Pull))
      if (open !== undefined) return presentPull(open)
      const secret = await secretFor(caller, repository)
      const opened = await ask(secret, path, { method: 'POST', body: JSON.stringify(pull) })
      return presentPull(await readJson(upstream, opened, Pull))
    },
    async openPulls(caller, repository, base) {
      const found: ForgePull[] = []
      for (let page = 1; ; page += 1) {
        const query = new URLSearchParams({ state: 'open', base, per_page: '100', page: `${page}` })
        const path = `/repos/${repository.full_name}/pulls?${query.toString()}`
        const pulls = await readJson(upstream, await ask(caller.secret, path), z.array(Pull))
        found.push(...pulls.filter((pull) => isOwn(pull, repository)).map(presentPull))
        if (pulls.length < 100) return found
      }
    },
    async pull(caller, repository, number) {
      const response = await ask(caller.secret, `/repos/${repository.full_name}/pulls/${number}`)
      if (response.status === 404) return undefined
      return presentPull(await readJson(upstream, response, Pull))
    },
    async changePull(caller, repository, number, change) {
      const pulls = `/repos/${repository.full_name}/pulls/${number}`
      const labels = `/repos/${repository.full_name}/issues/${number}/labels`
      const isTitle = 'title' in change
      const path = isTitle ? pulls : 'labels' in change ? labels : `${pulls}/requested_reviewers`
      const response = await ask(caller.secret, path, {
        method: isTitle ? 'PATCH' : 'POST',
        body: JSON.stringify(change),
      })
      if (response.status === 422) {
        const [field = ''] = Object.keys(change)
        throw invalidField(field, 'the forge refuses it', 'PullRequest')
      }
      if (!response.ok) throw await upstreamError(response, upstream.apiUrl)
    },
  }
}

/** A fork's branch may have any name, and its pull request any text. */
function isOwn({ head }: Pull, repository: RepositoryAccess): boolean {
  return head.repo?.full_name.toLowerCase() === repository.full_name.toLowerCase()
}

function presentPull(pull: Pull): ForgePull {
  const { id, number, html_url, state, title, draft } = pull
  return {
    id,
    number,
    html_url,
    state,
    title,
    body: pull.body ?? '',
    draft,
    merged: pull.merged_at !== null,
    head: pull.head.ref,
    base: pull.base.ref,
    author: pull.user?.login ?? 'ghost',
  }
}
