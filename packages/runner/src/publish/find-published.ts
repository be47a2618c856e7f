import type { Event } from '@errand/contract'
import { listEvents } from '@errand/core'

import { git, gitText } from '../git/git.ts'
import { branchTip, fetchMirror, type Mirror } from '../mirror/mirror.ts'
import type { Repository } from '../mirror/repository.ts'
import { parseRawDiff } from '../git/raw-diff.ts'
import type { Run } from '../run/run.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'
import { isOfSession } from './commit-message.ts'

/** A result that is on the forge. */
export interface Published {
  commit: string
  filesChanged: number
  summary: { title: string; body: string }
  /** What the agent ran, as far as this attempt knows. */
  commands: readonly string[]
  /** A line for its reader to know first, like that the work is unfinished. */
  note?: string
}

/**
 * Whether an earlier attempt at this session had pushed its result when its runner died. Then the work
 * is done, and only what comes after is left to do: nothing is run twice, nothing pushed is replaced.
 */
export async function findPublished(
  run: Run,
  parts: { mirror: Mirror; repository: Repository; branch: WorkBranch },
): Promise<Published | undefined> {
  const { lease } = run
  // Who goes on with an agent has pushed nothing yet. Who only pushes may have been killed at it.
  const isResumed = lease.resume && lease.session.end_after_push === null
  if (lease.attempt === 1 || isResumed) return undefined
  const { mirror, repository, branch } = parts
  await fetchMirror(run, mirror, repository)
  const commit = await branchTip(run, mirror, branch.name)
  if (commit === undefined) return undefined
  const options = { gitDir: mirror.dir, signal: run.signal }
  const message = await gitText(['show', '--no-patch', '--format=%B', commit], options)
  if (!isOfSession(message, lease.session.id)) return undefined
  const [title = '', ...body] = message.split('\n')
  const summary = (await readSummary(run)) ?? { title, body: body.join('\n').trim() }
  await run.say('An earlier attempt has pushed its result already: going on from there.')
  const filesChanged = await countFiles(run, mirror, branch, commit)
  return { commit, filesChanged, summary, commands: [] }
}

/** What the agent said at the end of the attempt that pushed. */
async function readSummary(run: Run): Promise<Published['summary'] | undefined> {
  let summary: Published['summary'] | undefined
  for (let page = 1; ; page += 1) {
    const options = { page, per_page: 1000 }
    const { events } = await listEvents(run.context.store, run.lease.task.id, options)
    const last = events.findLast((event) => isSummary(event, run.lease.session.id))
    // Events of this type have this data: they are checked as they are stored.
    if (last !== undefined) summary = last.data as Published['summary']
    if (events.length < options.per_page) return summary
  }
}

function isSummary({ type, session_id }: Event, sessionId: string): boolean {
  return type === 'session.summary' && session_id === sessionId
}

async function countFiles(
  run: Run,
  mirror: Mirror,
  branch: WorkBranch,
  commit: string,
): Promise<number> {
  const base = await branchTip(run, mirror, branch.base)
  if (base === undefined) return 0
  const range = ['--raw', '-z', '--no-renames', `${base}...${commit}`]
  return parseRawDiff(await git(['diff', ...range], { gitDir: mirror.dir, signal: run.signal }))
    .length
}
