import { recordArtifact } from '@errand/core'
import { z } from 'zod'

import { SessionFailed } from '../failures.ts'
import { ForgeRefused } from '../forge-client.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'
import type { Published } from './find-published.ts'
import { composeBlockedText } from './blocked-text.ts'
import { composeValidationText } from './validation-text.ts'
import { composePullText, type PullText } from './pull-text.ts'
import { validationsOf } from './read-validations.ts'
import { blockedRequestsOf, commentOnWarnings } from './tell-blocked-requests.ts'
import { sessionUrlOf } from './session-url.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'

const Pull = z.object({
  id: z.int(),
  number: z.int(),
  html_url: z.string(),
  state: z.string(),
  body: z.string().nullish(),
})
type Pull = z.infer<typeof Pull>

/**
 * Sees to the pull request of a pushed branch, if the task wants one: the one there is, else a new
 * draft. It is looked up by its head first, so that running twice gives one. For a branch the task
 * was given, none is ever opened; the one it belongs to is noted.
 *
 * @throws SessionFailed pull_refused
 */
export async function openPull(
  run: Run,
  { repository, branch }: { repository: Repository; branch: WorkBranch },
  published: Published,
): Promise<void> {
  const { create_pull_request: isWanted } = run.lease.task
  if (!isWanted && !branch.isGiven) return
  const existing = await findPull(run, repository, branch)
  // Once more: what is made printable, or one line, may be a secret only then.
  const warnings = run.mask.value(await composeWarnings(run, repository))
  const text = run.mask.value(
    composePullText({
      ...published,
      ...published.summary,
      warnings,
      requester: run.lease.session.user_login,
      sessionUrl: sessionUrlOf(run, repository),
    }),
  )
  if (existing !== undefined) {
    if (isOfSameRecipe(existing, text)) await renewText(run, repository, existing, text)
    else if (isNews(existing, warnings))
      await commentOnWarnings(run, repository, existing, warnings)
    await recordPull(run, existing)
    return
  }
  if (branch.isGiven) return
  await run.say('Opening the pull request')
  await recordPull(run, await createPull(run, repository, branch, text))
}

/** What the firewall has blocked, and what the checks have found. */
async function composeWarnings(run: Run, { full_name: name }: Repository): Promise<string> {
  const blocked = composeBlockedText(await blockedRequestsOf(run), name)
  const found = composeValidationText(await validationsOf(run))
  return [blocked, found].filter((text) => text !== '').join('\n\n')
}

/** An earlier attempt at this session may have opened the pull request with this very text. */
function isNews({ body }: Pull, warnings: string): boolean {
  return warnings !== '' && body?.replaceAll('\r\n', '\n').includes(warnings) !== true
}

/** The mark a recipe leaves in the text of its pull requests, in a line of its own. */
const recipeMark = /^<!-- errand-recipe: [a-z0-9-]+(?: [0-9a-f]{12})? -->$/m

/**
 * Whether a recipe works on its own earlier pull request, whose text is then out of date. What anybody
 * else wrote is never replaced.
 */
function isOfSameRecipe({ state, body }: Pull, text: PullText): boolean {
  const mark = recipeMark.exec(text.body)?.[0]
  const known = recipeMark.exec(body?.replaceAll('\r\n', '\n') ?? '')?.[0]
  return state === 'open' && mark !== undefined && mark === known
}

/** The branch is pushed whatever becomes of this: a forge that refuses leaves an older text. */
async function renewText(
  run: Run,
  { owner, name: repo }: Repository,
  { number }: Pull,
  text: PullText,
): Promise<void> {
  try {
    const route = 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}'
    const parameters = { owner, repo, pull_number: number, ...text }
    await run.forge.request(route, parameters, run.signal)
  } catch (error) {
    if (!(error instanceof ForgeRefused)) throw error
    await run.say(`The text of the pull request is the old one: ${error.reason}`, 'warning')
  }
}

/** The open one, else the latest. Of a branch that was given, one that is closed is no concern. */
async function findPull(
  run: Run,
  { owner, name }: Repository,
  branch: WorkBranch,
): Promise<Pull | undefined> {
  const query = {
    owner,
    repo: name,
    head: `${owner}:${branch.name}`,
    state: branch.isGiven ? 'open' : 'all',
    sort: 'created',
    direction: 'desc',
  }
  const answer = await run.forge.request('GET /repos/{owner}/{repo}/pulls', query, run.signal)
  const pulls = z.array(Pull).parse(answer)
  return pulls.find(({ state }) => state === 'open') ?? pulls[0]
}

async function createPull(
  run: Run,
  repository: Repository,
  branch: WorkBranch,
  text: PullText,
): Promise<Pull> {
  const { owner, name: repo } = repository
  const wanted = { owner, repo, ...text, head: branch.name, base: branch.base }
  let refusal: ForgeRefused | undefined
  // Not every repository may have drafts: GitHub refuses them where the plan does not include them.
  for (const draft of [true, false]) {
    try {
      run.signal.throwIfAborted()
      const route = 'POST /repos/{owner}/{repo}/pulls'
      const answer = await run.forge.request(route, { ...wanted, draft }, run.signal)
      return Pull.parse(answer)
    } catch (error) {
      if (!(error instanceof ForgeRefused)) throw error
      refusal = error
      if (error.status !== 422) break
      // It may have been there all along: opened by a request whose answer was lost.
      const existing = await findPull(run, repository, branch)
      if (existing !== undefined) return existing
    }
  }
  const reason = `${refusal?.reason} (${refusal?.status})`
  const message = `The branch ${branch.name} is pushed, but ${repository.full_name} refused the pull request: ${reason}.`
  throw new SessionFailed('pull_refused', message, refusal)
}

async function recordPull(run: Run, { id, number, html_url }: Pull): Promise<void> {
  run.signal.throwIfAborted()
  const data = { id, number, html_url }
  await recordArtifact(run.context.store, run.lease, { provider: 'github', type: 'pull', data })
  await run.record({ type: 'artifact.pull', data })
}
