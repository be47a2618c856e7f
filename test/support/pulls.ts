import type { Client } from '@errand/contract'
import { git } from './git.ts'

/** A pull request as GitHub's REST API shows it, as far as tests look at it. */
export interface Pull {
  id: number
  number: number
  state: string
  draft: boolean
  title: string
  body: string
  html_url: string
  head: { ref: string; sha: string }
  base: { ref: string }
  user: { login: string }
}

/** Every pull request of a repository, whatever its state. */
export async function listPulls(client: Client, fullName: string): Promise<Pull[]> {
  const response = await client.request('GET', `/repos/${fullName}/pulls`, {
    query: { state: 'all', per_page: 100 },
  })
  return (await response.json()) as Pull[]
}

/** Name and commit of every branch, asked for as any git client asks. */
export async function listBranches(
  url: string,
  token: string,
  fullName: string,
): Promise<Record<string, string>> {
  const refs = await git('/', ['ls-remote', '--heads', remoteUrl(url, token, fullName)])
  const lines = refs.split('\n').filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [commit, ref] = line.split('\t') as [string, string]
      return [ref.replace('refs/heads/', ''), commit]
    }),
  )
}

/** Clones a branch with plain git into a new folder. */
export async function cloneBranch(
  url: string,
  token: string,
  fullName: string,
  branch: string,
  folder: string,
): Promise<void> {
  const remote = remoteUrl(url, token, fullName)
  await git('/', ['clone', '--quiet', '--branch', branch, remote, folder])
}

function remoteUrl(url: string, token: string, fullName: string): string {
  const remote = new URL(`/${fullName}.git`, url)
  remote.username = 'x-access-token'
  remote.password = token
  return remote.href
}
