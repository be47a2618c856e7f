import type { Client } from '@errand/contract'
import { connect } from '../client/connection.ts'
import { findRepository } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface Whose {
  repo?: string
  org?: string
}

export interface Reach {
  visibility?: 'all' | 'private' | 'selected'
  /** Names, `owner/name` or those of the organization. */
  repos?: string[]
}

/** Where the secrets or the variables of somebody are found: the same paths on Errand and on GitHub. */
export interface Place {
  client: Client
  signal: AbortSignal
  /** Below it `secrets` and `variables`. */
  root: string
  org: string | undefined
}

export async function placeOf(terminal: Terminal, { repo, org }: Whose): Promise<Place> {
  const { signal } = terminal
  const client = connect(terminal)
  if (org !== undefined) {
    return { client, signal, root: `/orgs/${encodeURIComponent(org)}/agents`, org }
  }
  const { owner, repo: name } = await findRepository(repo, terminal.cwd)
  return { client, signal, root: `/repos/${owner}/${name}/agents`, org }
}

/** What is sent of an organization's visibility: as with `gh`, private unless repositories are named. */
export async function reachOf(
  { client, signal, org }: Place,
  { visibility, repos }: Reach,
): Promise<{ visibility?: string; selected_repository_ids?: number[] }> {
  if (org === undefined) {
    if (visibility === undefined && repos === undefined) return {}
    throw new UserError('--visibility and --repos are for an organization: name one with --org.')
  }
  if (repos === undefined) return { visibility: visibility ?? 'private' }
  if (visibility !== undefined && visibility !== 'selected') {
    throw new UserError(`--repos selects repositories: --visibility ${visibility} does not.`)
  }
  // `gh` takes them with commas.
  const names = repos.flatMap((text) => text.split(',').filter((name) => name !== ''))
  const ids = names.map(async (name) => {
    const path = `/repos/${name.includes('/') ? name : `${org}/${name}`}`
    const response = await client.request('GET', path, { signal })
    // A repository of GitHub's API has a number.
    return ((await response.json()) as { id: number }).id
  })
  return { visibility: 'selected', selected_repository_ids: await Promise.all(ids) }
}

/** All of a list, page by page. */
export async function listAll<T>(
  { client, signal, root }: Place,
  kind: 'secrets' | 'variables',
): Promise<T[]> {
  const found: T[] = []
  for (let page = 1; ; page += 1) {
    const query = { per_page: 100, page }
    const response = await client.request('GET', `${root}/${kind}`, { signal, query })
    const { total_count: total, [kind]: shown = [] } = (await response.json()) as {
      total_count: number
    } & Partial<Record<typeof kind, T[]>>
    found.push(...shown)
    if (shown.length === 0 || found.length >= total) return found
  }
}
