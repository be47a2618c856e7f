import { isRefusal } from '@errand/contract'
import type { Campaign } from './campaign.ts'
import {
  explainRefusal,
  type ForgeCalls,
  pullNumberOf,
  readForge,
  writeForge,
} from './forge-calls.ts'
import type { Journal } from './journal.ts'
import type { Progress } from './progress.ts'

export interface Preparing extends ForgeCalls {
  journal: Pick<Journal, 'append' | 'campaign'>
}

interface Pull {
  title: string
  labels: { name: string }[]
  requested_reviewers: { login: string }[]
  requested_teams: { slug: string }[]
}

type Wanted = NonNullable<Campaign['pull_request']>

/** Whether a repository's pull request is there and has not been made ready for its reviewers. */
export function isToBePrepared(progress: Progress, campaign: Campaign): boolean {
  const { step, state, pullUrl, pull } = progress
  const isThere = step === 'ended' && state === 'completed' && pullUrl !== undefined
  return isThere && pull !== 'prepared' && campaign.pull_request !== undefined
}

/**
 * Gives a pull request the title, labels and reviewers that the campaign says, once: what was begun is
 * in the journal first, and after a death in the middle only what is missing is done. What the forge
 * refuses, such as a reviewer who is not there, is written down and keeps nothing else from being done.
 */
export async function preparePull(preparing: Preparing, progress: Progress): Promise<void> {
  const { journal } = preparing
  const { repository, attempt, pullUrl } = progress
  const number = pullNumberOf(pullUrl)
  const wanted = journal.campaign.campaign.pull_request
  if (number === undefined || wanted === undefined) return
  if (progress.pull === undefined) await journal.append({ type: 'preparing', repository, attempt })
  const problems: string[] = []
  const pull = await readForge<Pull>(preparing, `/repos/${repository}/pulls/${number}`)
  if (pull === undefined) problems.push(`there is no pull request ${number} any more`)
  else {
    for (const step of stepsOf(
      `/repos/${repository}`,
      number,
      { ...wanted, title: progress.title },
      pull,
    )) {
      problems.push(...(await take(preparing, step)))
    }
  }
  await journal.append({ type: 'prepared', repository, attempt, problems })
}

interface Step {
  method: 'PATCH' | 'POST'
  path: string
  body: Record<string, string | readonly string[]>
}

/** What is still to be done, by what the pull request has. */
function stepsOf(
  repository: string,
  number: number,
  wanted: Omit<Wanted, 'title'> & { title: string | undefined },
  pull: Pull,
): Step[] {
  const path = `${repository}/pulls/${number}`
  const labels = without(wanted.labels, pull.labels, ({ name }) => name)
  const reviewers = without(wanted.reviewers, pull.requested_reviewers, ({ login }) => login)
  const teams = without(wanted.team_reviewers, pull.requested_teams, ({ slug }) => slug)
  const { title } = wanted
  const steps: Step[] = []
  if (title !== undefined && title !== pull.title) {
    steps.push({ method: 'PATCH', path, body: { title } })
  }
  if (labels.length > 0) {
    steps.push({ method: 'POST', path: `${repository}/issues/${number}/labels`, body: { labels } })
  }
  const requested = `${path}/requested_reviewers`
  if (reviewers.length > 0) steps.push({ method: 'POST', path: requested, body: { reviewers } })
  if (teams.length > 0) {
    steps.push({ method: 'POST', path: requested, body: { team_reviewers: teams } })
  }
  return steps
}

/** One of many that is refused refuses all: then each is tried by itself, so that the others arrive. */
async function take(preparing: Preparing, step: Step): Promise<string[]> {
  const refused = await tryStep(preparing, step)
  if (refused === undefined) return []
  const [name = '', values] = Object.entries(step.body)[0] ?? []
  if (typeof values === 'string' || values === undefined) return [`${name}: ${refused}`]
  const [only] = values
  if (values.length === 1) return [`${name} ${only}: ${refused}`]
  const problems: string[] = []
  for (const value of values)
    problems.push(...(await take(preparing, { ...step, body: { [name]: [value] } })))
  return problems
}

/** Why the forge refused it; undefined when it was done. */
async function tryStep(
  preparing: Preparing,
  { method, path, body }: Step,
): Promise<string | undefined> {
  try {
    await writeForge(preparing, method, path, body)
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    return explainRefusal(error)
  }
}

function without<T>(
  wanted: readonly string[],
  there: readonly T[] | undefined,
  nameOf: (one: T) => string,
): string[] {
  const names = new Set((there ?? []).map((one) => nameOf(one).toLowerCase()))
  return wanted.filter((name) => !names.has(name.toLowerCase()))
}
