import { lastEvents, sharedAgentFilesOf, sharedRepositories } from '@errand/core'
import { z } from 'zod'

import type { Repository } from '../mirror/repository.ts'
import { askToShow } from '../run/ask-to-show.ts'
import { readForgeFile } from '../run/read-forge-file.ts'
import type { Run } from '../run/run.ts'

/** The file of a custom agent, and where it is, for a message about it. */
export interface FoundFile {
  text: string
  place: string
}

/** A repository of the owner's, at a commit. */
interface Version {
  owner: string
  repo: string
  commit: string
}

/** By these a forge says that there is none: who may not see it has none, 409 and 422 are of an empty repository. */
const absent = [403, 404, 409, 422]

const commitId = z.string().regex(/^[0-9a-f]{40,64}$/)
const Commits = z.array(z.object({ sha: commitId })).min(1)
const Told = z.object({
  name: z.string(),
  repository: z.string().regex(/^[^/]+\/[^/]+$/),
  commit: commitId,
})

/**
 * The file of a custom agent that the repository's owner has for all its repositories: as it was when the task's
 * first session read it, and the same for those that follow (behaviour.md 3.4). Where that version is gone, or is
 * not to be seen with this session's credential, as it is now.
 *
 * @throws SessionFailed forge_refused
 */
export async function readSharedAgent(
  run: Run,
  { owner }: Repository,
  name: string,
): Promise<FoundFile | undefined> {
  const told = await toldVersion(run, name)
  const kept = told && (await readVersion(run, told, name))
  if (kept !== undefined) return kept
  for (const repo of sharedRepositories) {
    const commit = await tipOf(run, { owner, repo })
    if (commit === undefined) continue
    const file = await readVersion(run, { owner, repo, commit }, name)
    if (file === undefined) continue
    const data = { name, repository: `${owner}/${repo}`, commit }
    await run.record({ type: 'session.custom_agent', data })
    return file
  }
  return undefined
}

/** Events of this type come from here alone: no agent can make one. */
async function toldVersion(run: Run, name: string): Promise<Version | undefined> {
  const { context, lease } = run
  const query = { types: ['session.custom_agent'], limit: 1 } as const
  const [event] = await lastEvents(context.store, lease.task.id, query)
  const { data: told } = Told.safeParse(event?.data)
  if (told === undefined || told.name !== name) return undefined
  // The pattern has one slash between them.
  const [owner, repo] = told.repository.split('/') as [string, string]
  return { owner, repo, commit: told.commit }
}

async function readVersion(
  run: Run,
  { owner, repo, commit }: Version,
  name: string,
): Promise<FoundFile | undefined> {
  for (const path of sharedAgentFilesOf(name)) {
    const file = await readForgeFile(run, { owner, repo, path, ref: commit }, absent)
    const text = file?.text
    if (text !== undefined) return { text, place: `${path} of ${owner}/${repo}` }
  }
  return undefined
}

/** Where the default branch is, undefined where there is none. */
async function tipOf(
  run: Run,
  place: { owner: string; repo: string },
): Promise<string | undefined> {
  const shown = { what: `the commits of ${place.owner}/${place.repo}`, absent }
  const route = 'GET /repos/{owner}/{repo}/commits'
  const answer = await askToShow(run, shown, route, { ...place, per_page: 1 })
  return answer === undefined ? undefined : Commits.parse(answer)[0]?.sha
}
